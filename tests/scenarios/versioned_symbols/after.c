#include <stdio.h>
#include <string.h>
#include <pthread.h>
#include <time.h>

static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;

__attribute__((noinline)) int wake(int n) {
  struct timespec now;
  return pthread_cond_broadcast(&cond) + n + (clock_gettime(CLOCK_MONOTONIC, &now) == 0) * 10;
}

void scenario(int n) { printf("%d\n", wake(n)); }
