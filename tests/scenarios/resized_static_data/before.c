#include <stdio.h>

static int table[4];

void scenario(int n) {
  table[(unsigned)n % 4] = n;
  printf("%d\n", table[0]);
}
