/* A weak function that nobody overrides. */
/* expect 3: 4 104 */
#include "case.h"

__attribute__((weak)) KEPT long weak_one(long n) { return n + CHOOSE(1, 101); }

long weak_function(long n) { return weak_one(n); }
