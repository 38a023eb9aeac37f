#include <stdio.h>

int shared[4];
static char buffer[100];

__attribute__((noinline)) int fill(int n) {
  shared[n & 3] += n;
  buffer[n] = 'x';
  return shared[n & 3] * 1000 + buffer[n];
}

void scenario(int n) {
  int filled = fill(n);
  printf("%d %d\n", filled, shared[0]);
}
