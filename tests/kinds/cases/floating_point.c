/* Floating constants and a result in a vector register. */
/* expect 4: 10 42 */
#include "case.h"

KEPT double scaled(double value) { return value * CHOOSE(2.5, 10.5); }

long floating_point(long n) { return (long)scaled((double)n); }
