#include <stdio.h>

int keep(int n);
static int kept = 1;
__attribute__((noinline)) int ask(int n) {
  kept += n & 1;
  return kept + n;
}

void scenario(int n) {
  const int first = keep(n);
  printf("%d %d\n", first, ask(n));
}
