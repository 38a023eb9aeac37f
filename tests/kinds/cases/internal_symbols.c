/* Internal function and variable. */
/* expect 3: 24 124 */
#include "case.h"

__attribute__((visibility("internal"))) long internal_variable = 20;
__attribute__((visibility("internal"))) KEPT long internal_function(long n) { return n + CHOOSE(1, 101); }

long internal_symbols(long n) { return internal_function(internal_variable) + n; }
