#include <stdio.h>

__attribute__((noinline)) int entered(int n) {
  return n + 1;
}

void scenario(int n) { printf("%d\n", entered(n)); }
