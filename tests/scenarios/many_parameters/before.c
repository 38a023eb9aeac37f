#include <stdio.h>

__attribute__((noinline)) double mix(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j, double k,
                                     double l, double m, double n, double o, double p, double q, double r, double s,
                                     double t) {
  return a + b + c + d + e + f + g + h + i + j + k + l + m + n + o + p + q + r + s + t;
}

void scenario(int n) {
  printf("%.1f\n", mix(n, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5));
}
