/* Ten integers and ten doubles arrive, in registers and on the stack. */
/* expect 1: 109 1109 */
#include "case.h"

KEPT long takes_many(long a, long b, long c, long d, long e, long f, long g, long h, long i, long j, double k,
                     double l, double m, double n, double o, double p, double q, double r, double s, double t) {
  const long whole = a + b + c + d + e + f + g + h + i + j;
  return whole + (long)(k + l + m + n + o + p + q + r + s + t) + CHOOSE(0, 1000);
}

long many_parameters(long n) {
  return takes_many(n, n + 1, 3, 4, 5, 6, 7, 8, 9, 10, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5, 5.0);
}
