#include <stdio.h>

__attribute__((noinline)) int holder(int n) {
  return n - 1;
}

__attribute__((noinline)) int other(int n) {
  static int kept = 40;
  return kept += n;
}

void scenario(int n) { printf("%d %d\n", holder(n), other(n)); }
