#include <stdio.h>

struct point {
  double x, y;
};

__attribute__((noinline)) double far(struct point p) { return p.x * 1.5 + p.y * 2.25; }

__attribute__((noinline)) double go(int n) {
  struct point p = (struct point){n, 0.125};
  const int steps[] = {1, 3, 5, 7, 11, 13, 17, 19};
  return far(p) + steps[n & 7];
}

void scenario(int n) { printf("%.3f\n", go(n)); }
