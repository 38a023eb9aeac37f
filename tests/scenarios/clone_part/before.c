#include <stdio.h>

static int table[64];

static int lookup(int n) {
  if (n < 0) return -1;
  for (int i = 0; i < 64; i++)
    if (table[i] == n) printf("[slot %d] ", i);
  for (int i = 0; i < 64; i++) table[i] += (n + i) & 1;
  return table[5];
}

__attribute__((noinline)) int one(int n) { return lookup(n); }
__attribute__((noinline)) int two(int n) { return lookup(n - 1); }

void scenario(int n) {
  int a = one(n), b = two(n);
  printf("%d %d\n", a, b);
}
