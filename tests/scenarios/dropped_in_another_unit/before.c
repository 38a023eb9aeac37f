#include <stdio.h>

int linked(int n);
__attribute__((noinline)) int often(int n) {
  return linked(n) + 1;
}

void scenario(int n) { printf("%d\n", often(n)); }
