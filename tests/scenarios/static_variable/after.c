#include <stdio.h>

static int calls;
int total = 100;

__attribute__((noinline)) void count(int n) {
  calls++;
  total -= n;
}

void scenario(int n) {
  count(n);
  printf("%d %d\n", calls, total);
}
