#include <stdio.h>

__attribute__((noinline)) int go(int n) {
  return n + 1;
}

void scenario(int n) { printf("%d\n", go(n)); }
