#include <stdio.h>

static __attribute__((noinline)) int new_name(int n) { return n * 5; }

__attribute__((noinline)) int go(int n) {
  return new_name(n) + 2;
}

void scenario(int n) { printf("%d\n", go(n)); }
