#include <stdio.h>

__attribute__((noinline)) int remember(int n) {
  static int ring[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  static unsigned at;
  ring[at++ % 8] = n;
  int sum = 0;
  for (int i = 0; i < 8; i++) sum += ring[i] * (i + 1);
  return sum;
}

void scenario(int n) { printf("%d\n", remember(n)); }
