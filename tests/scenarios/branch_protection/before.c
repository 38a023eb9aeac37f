#include <stdio.h>

__attribute__((noinline)) static int plus(int n) { return n + 1; }
__attribute__((noinline)) static int minus(int n) { return n - 1; }

__attribute__((noinline)) int dispatch(int n) {
  int (*volatile f)(int) = n > 0 ? plus : minus;
  return f(n);
}

void scenario(int n) { printf("%d\n", dispatch(n)); }
