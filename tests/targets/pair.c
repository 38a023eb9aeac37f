// Two functions in different pages that must change together: each thread calls both, and a pair of different
// versions counts as mixed. usage: pair THREADS
// stdin: "versions" -> prints low() and high(); else "pairs N mixed M", once each thread has counted the pair
// that it may have been at. The tests count pair() as a part of low(), so that no thread is between the two
// calls while they change.
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KEPT __attribute__((noinline, used))

enum { MOST_THREADS = 64 };
static atomic_long pairs[MOST_THREADS], mixed;

#ifndef PAIR_IS_GIVEN
KEPT __attribute__((aligned(4096))) int low(void) {
  int value = 1;
  __asm__ volatile("" : "+r"(value));
  return value;
}

KEPT __attribute__((aligned(4096))) int high(void) {
  int value = 1;
  __asm__ volatile("" : "+r"(value));
  return value;
}
#endif

static int (*volatile call_low)(void) = low;
static int (*volatile call_high)(void) = high;

KEPT __attribute__((aligned(4096))) int pair(void) {
  int first = call_low();
  int second = call_high();
  return first * 1000 + second;
}

/// Most of the time is spent here, and no return address of pair() is left below the stack pointer.
KEPT void rest(void) {
  volatile char room[512];
  for (int round = 0; round < 20; ++round)
    for (unsigned i = 0; i < sizeof room; ++i) room[i] = 0;
}

static void* checker(void* argument) {
  atomic_long* counted = argument;
  for (;;) {
    int both = pair();
    rest();
    if (both / 1000 != both % 1000) atomic_fetch_add(&mixed, 1);
    atomic_fetch_add(counted, 1);
  }
  return argument;
}

/// All pairs so far, those included that a thread had begun before the call.
static long settled(int threads) {
  const struct timespec moment = {0, 100000};
  long before[MOST_THREADS], sum = 0;
  for (int i = 0; i < threads; ++i) before[i] = atomic_load(&pairs[i]);
  for (int i = 0; i < threads; ++i) {
    while (atomic_load(&pairs[i]) == before[i]) nanosleep(&moment, NULL);
    sum += atomic_load(&pairs[i]);
  }
  return sum;
}

int main(int argc, char** argv) {
  char line[64];
  pthread_t thread;
  int threads = argc > 1 ? atoi(argv[1]) : 0;
  if (threads > MOST_THREADS) return 2;
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (int i = 0; i < threads; ++i) pthread_create(&thread, NULL, checker, &pairs[i]);
  puts("ready");
  while (fgets(line, sizeof line, stdin)) {
    if (!strcmp(line, "versions\n")) {
      printf("%d %d\n", call_low(), call_high());
    } else {
      const long counted = settled(threads);
      printf("pairs %ld mixed %ld\n", counted, atomic_load(&mixed));
    }
  }
  return 0;
}
