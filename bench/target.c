/* The measured process: `target BLOCKED RUNNING SPINNING`. BLOCKED threads sleep (the first one between the lines it reads), RUNNING
   threads compute, SPINNING ones (0 or 1) spin on the clock and record the largest gap. Each line on stdin is answered:
   "gap" -> the largest gap since the last time, in nanoseconds; "value" -> what work_0 says; "call" -> picoseconds a call of
   work_0 takes, the least of several rounds. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static unsigned long largest_gap;

unsigned long work_0(unsigned long n); /* in the unit that is patched */

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

static void *compute(void *unused) {
  (void)unused;
  for (volatile unsigned long i = 0;; i++) {
  }
  return NULL;
}

static void *block(void *unused) {
  (void)unused;
  for (;;) pause();
  return NULL;
}

static unsigned long picoseconds_a_call(void) {
  enum { CALLS = 2000000, ROUNDS = 9 };
  unsigned long least = ~0UL;
  for (int round = 0; round < ROUNDS; round++) {
    unsigned long value = 0, before = now();
    for (int i = 0; i < CALLS; i++) value = work_0(value);
    unsigned long took = now() - before;
    __asm__ volatile("" : : "r"(value));
    if (took < least) least = took;
  }
  return least * 1000 / CALLS;
}

static void start(void *(*body)(void *), int count) {
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 64 * 1024);
  for (int i = 0; i < count; i++)
    if (pthread_create(&thread, &attributes, body, NULL) != 0) exit(1);
}

int main(int argc, char **argv) {
  char line[16];
  if (argc < 4) return 2;
  start(spin, atoi(argv[3]));
  start(block, atoi(argv[1]) - 1);
  start(compute, atoi(argv[2]));
  puts("ready");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    if (!strcmp(line, "gap\n")) printf("%lu\n", __atomic_exchange_n(&largest_gap, 0, __ATOMIC_RELAXED));
    if (!strcmp(line, "value\n")) printf("%lu\n", work_0(3));
    if (!strcmp(line, "call\n")) printf("%lu\n", picoseconds_a_call());
    fflush(stdout);
  }
  return 0;
}
