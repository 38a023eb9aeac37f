/* The measured process: `target THREADS`. One thread spins on the clock and records its largest gap; the others block.
   Each line on stdin prints and clears the gap in nanoseconds. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static unsigned long largest_gap;

__attribute__((noinline)) unsigned long work(unsigned long n); /* in unit.c: what is patched */

static unsigned long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (unsigned long)time.tv_sec * 1000000000UL + (unsigned long)time.tv_nsec;
}

static void *spin(void *unused) {
  unsigned long before = now();
  (void)unused;
  for (;;) {
    unsigned long at = now();
    if (at - before > __atomic_load_n(&largest_gap, __ATOMIC_RELAXED))
      __atomic_store_n(&largest_gap, at - before, __ATOMIC_RELAXED);
    before = at;
  }
  return NULL;
}

static void *block(void *unused) {
  (void)unused;
  for (;;) pause();
  return NULL;
}

int main(int argc, char **argv) {
  int threads = argc > 1 ? atoi(argv[1]) : 1;
  pthread_attr_t attributes;
  pthread_t thread;
  char line[16];
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 64 * 1024);
  for (int i = 1; i < threads; i++)
    if (pthread_create(&thread, &attributes, i == 1 ? spin : block, NULL) != 0) return 1;
  puts("ready");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    printf("%lu %lu\n", __atomic_exchange_n(&largest_gap, 0, __ATOMIC_RELAXED), work(3));
    fflush(stdout);
  }
  return 0;
}
