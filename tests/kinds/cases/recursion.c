/* A function that calls itself. */
/* expect 5: 120 15 */
#include "case.h"

KEPT long recursive(long n) {
  if (n <= 1) return 1;
  return CHOOSE(n * recursive(n - 1), n + recursive(n - 1));
}

long recursion(long n) { return recursive(n); }
