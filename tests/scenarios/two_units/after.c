#include <stdio.h>

int helper(int n);
int shared_count = 10;

__attribute__((noinline)) int front(int n) {
  return helper(n) * shared_count;
}

void scenario(int n) { printf("%d\n", front(n)); }
