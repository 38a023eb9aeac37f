/* Protected function and variable: nobody can interpose them. */
/* expect 3: 24 124 */
#include "case.h"

__attribute__((visibility("protected"))) long protected_variable = 20;
__attribute__((visibility("protected"))) KEPT long protected_function(long n) { return n + CHOOSE(1, 101); }

long protected_symbols(long n) { return protected_function(protected_variable) + n; }
