#include <stdio.h>

static __thread int own = 5;
__thread int exported = 50;

__attribute__((noinline)) int touch(int n) {
  own += n * 10;
  exported += 1;
  return own + exported;
}

void scenario(int n) { printf("%d\n", touch(n)); }
