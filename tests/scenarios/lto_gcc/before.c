#include <stdio.h>

int helper(int n);
static int count = 3;
static __attribute__((noinline)) int front(int n) {
  count += n;
  return helper(n) + count;
}
void scenario(int n) { printf("%d\n", front(n)); }
