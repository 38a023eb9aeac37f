#include <stdio.h>

int other_unit(int n);
static int count = 3;
/* the other unit has a count and a step of its own */
static __attribute__((noinline)) int step(int n) {
  count += n;
  return count * 2;
}
int (*volatile kept)(int) = step;
void scenario(int n) {
  int mine = kept(n);
  printf("%d %d\n", mine, other_unit(n));
}
