#include <stdio.h>

int linked(int n);
int seldom(int n);
__attribute__((noinline)) int often(int n) {
  return seldom(n) + linked(n) + 1;
}

__attribute__((visibility("default"))) void scenario(int n) { printf("%d\n", often(n)); }
