#include <stdio.h>

static __thread int own = 5;

__attribute__((noinline)) int touch(int n) {
  return own += n;
}

void scenario(int n) { printf("%d\n", touch(n)); }
