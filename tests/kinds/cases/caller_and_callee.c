/* Caller and callee change together, their agreement on the meaning of the argument too. */
/* expect 5: 50 500 */
#include "case.h"

KEPT long changed_callee(long n) { return CHOOSE(n * 10, n - 1000); }

long caller_and_callee(long n) { return changed_callee(CHOOSE(n, n * 100 + 1000)); }
