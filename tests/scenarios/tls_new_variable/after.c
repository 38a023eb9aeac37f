#include <stdio.h>

static __thread int own = 5;
static __thread int extra = 6;

__attribute__((noinline)) int touch(int n) {
  return own += n + extra++;
}

void scenario(int n) { printf("%d\n", touch(n)); }
