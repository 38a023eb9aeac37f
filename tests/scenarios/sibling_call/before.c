#include <stdio.h>

__attribute__((noinline)) int finish(int n) { return n * 2; }
__attribute__((noinline)) static int hidden_finish(int n) { return n * 3; }

__attribute__((noinline)) int go(int n) {
  if (n > 10) return hidden_finish(n);
  return finish(n);
}

void scenario(int n) { printf("%d\n", go(n)); }
