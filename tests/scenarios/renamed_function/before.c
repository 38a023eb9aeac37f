#include <stdio.h>

static __attribute__((noinline)) int old_name(int n) { return n * 5; }

__attribute__((noinline)) int go(int n) {
  return old_name(n) + 1;
}

void scenario(int n) { printf("%d\n", go(n)); }
