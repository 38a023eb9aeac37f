#include <stdio.h>
#include <string.h>
#include <pthread.h>
#include <time.h>

static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;

__attribute__((noinline)) int wake(int n) {
  return pthread_cond_signal(&cond) + n;
}

void scenario(int n) { printf("%d\n", wake(n)); }
