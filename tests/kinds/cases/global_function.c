/* A global function gets a new body. */
/* expect 5: 6 105 */
#include "case.h"

long global_function(long n) { return n + CHOOSE(1, 100); }
