#include <stdio.h>

int fresh(int n);
__attribute__((noinline)) int front(int n) {
  return fresh(n) + 1;
}

void scenario(int n) { printf("%d\n", front(n)); }
