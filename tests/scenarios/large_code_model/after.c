#include <stdio.h>
#include <string.h>

static int table[100] = {1, 2, 3};
static int helper(int n);

__attribute__((noinline)) int work(int n) {
  return helper(n) * table[n] + (int)strlen("large");
}

static __attribute__((noinline)) int helper(int n) { return n + 10; }

void scenario(int n) { printf("%d\n", work(n)); }
