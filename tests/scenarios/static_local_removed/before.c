#include <stdio.h>

__attribute__((noinline)) int step(int n) {
  static int dropped = 70;
  static int kept = 5;
  kept += n + dropped++;
  return kept;
}

void scenario(int n) { printf("%d\n", step(n)); }
