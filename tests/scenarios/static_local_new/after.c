#include <stdio.h>

__attribute__((noinline)) int step(int n) {
  static int calls = 1000;
  calls += n;
  static int kept = 5;
  kept += 1;
  return kept + calls;
}

void scenario(int n) { printf("%d\n", step(n)); }
