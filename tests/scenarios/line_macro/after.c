#include <stdio.h>

#define check(c) ((c) ? 0 : printf("[line %d] ", __LINE__))

__attribute__((noinline)) int unchanged(int n) {
  check(n >= 0);
  return n;
}

__attribute__((noinline)) int fixed(int n) {
  check(n >= 0);
  return n + 2;
}

void scenario(int n) { printf("%d\n", unchanged(n) + fixed(n)); }
