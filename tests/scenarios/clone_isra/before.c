#include <stdio.h>

struct pair {
  int a, b, c, d;
};

static __attribute__((noinline)) int pick(struct pair *p, int unused) {
  (void)unused;
  return p->a * 3 + p->c * 5 - p->b;
}

void scenario(int n) {
  struct pair p = {n, n + 1, n + 2, n + 3};
  printf("%d\n", pick(&p, n) + pick(&p, 3));
}
