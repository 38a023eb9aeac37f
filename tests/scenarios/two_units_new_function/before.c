#include <stdio.h>

__attribute__((noinline)) int front(int n) {
  return n;
}

void scenario(int n) { printf("%d\n", front(n)); }
