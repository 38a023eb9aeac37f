#include <stdio.h>

__attribute__((noinline)) int odd(int n) {
  static int seen = 2;
  return seen += n * 2;
}

__attribute__((noinline)) int even(int n) {
  static int seen = 1;
  return seen += n * 2;
}

void scenario(int n) { printf("%d %d\n", odd(n), even(n)); }
