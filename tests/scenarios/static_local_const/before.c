#include <stdio.h>

__attribute__((noinline)) int weigh(int n) {
  static const int weights[] = {1, 10, 100};
  int sum = 0;
  for (unsigned i = 0; i < sizeof weights / sizeof *weights; i++) sum += weights[i] * n;
  return sum;
}

void scenario(int n) { printf("%d\n", weigh(n)); }
