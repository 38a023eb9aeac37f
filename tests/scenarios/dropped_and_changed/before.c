#include <stdio.h>

int nobody(int n);
int nobody(int n) { return n * 2; }

__attribute__((noinline)) int often(int n) {
  return n + 1;
}

void scenario(int n) { printf("%d\n", often(n)); }
