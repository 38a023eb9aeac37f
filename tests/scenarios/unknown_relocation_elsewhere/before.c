#include <stdio.h>

static int big[100000] = {1, 2, 3};
int small = 4;

__attribute__((noinline)) int work(int n) {
  return big[n] + small;
}

__attribute__((noinline)) int plain(int n) {
  return n + small;
}

void scenario(int n) { printf("%d\n", work(n) + plain(n)); }
