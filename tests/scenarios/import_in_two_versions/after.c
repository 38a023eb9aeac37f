#include <stdio.h>
#include <stdlib.h>

int first_way(void), second_way(void);
__attribute__((noinline)) int ways(int n) {
  char resolved[4096];
  return n + first_way() + second_way() + (realpath("/", resolved) != NULL);
}

void scenario(int n) { printf("%d\n", ways(n)); }
