#include <stdio.h>

__attribute__((noinline)) int holder(int n) {
  static int kept = 40;
  return kept += n;
}

__attribute__((noinline)) int other(int n) {
  return n + 1;
}

void scenario(int n) { printf("%d %d\n", holder(n), other(n)); }
