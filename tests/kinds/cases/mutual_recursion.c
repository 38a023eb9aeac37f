/* Two functions that call each other, both changed. */
/* expect 5: 5 505 */
#include "case.h"

KEPT long is_odd(long n);
KEPT long is_even(long n) { return n == 0 ? 0 : CHOOSE(1, 101) + is_odd(n - 1); }
KEPT long is_odd(long n) { return n == 0 ? 0 : CHOOSE(1, 101) + is_even(n - 1); }

long mutual_recursion(long n) { return is_odd(n); }
