#include <stdio.h>

__attribute__((noinline)) int finish(int n) { return n * 2; }
__attribute__((noinline)) static int hidden_finish(int n) { return n * 3; }

__attribute__((noinline)) int go(int n) {
  if (n > 5) return hidden_finish(n + 1);
  return finish(n);
}

void scenario(int n) { printf("%d\n", go(n)); }
