#include <stdio.h>

int other_unit(int n);
static int count = 3;
/* static here, but code of this unit that is inlined into the other one calls it: promoted to step.llvm.NUMBER */
static __attribute__((noinline)) int step(int n) {
  count += n;
  return count * 2;
}
int through(int n);
int through(int n) { return step(n) + 1; }
void scenario(int n) { printf("%d %d\n", step(n), other_unit(n)); }
