/* Calls a function of the target that is not patched, and one that it did not call before. */
/* expect 3: 9 1030 */
#include "case.h"

KEPT long unpatched_square(long n) { return n * n; }
KEPT long unpatched_tenfold(long n) { return n * 10; }

long calls_target_function(long n) { return CHOOSE(unpatched_square(n), 1000 + unpatched_tenfold(n)); }

long keeps_tenfold(long n) { return unpatched_tenfold(n) + 1; }
