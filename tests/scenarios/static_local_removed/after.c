#include <stdio.h>

__attribute__((noinline)) int step(int n) {
  static int kept = 5;
  kept += n;
  return kept;
}

void scenario(int n) { printf("%d\n", step(n)); }
