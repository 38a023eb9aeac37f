/* Hidden function and variable. */
/* expect 3: 24 127 30 133 */
#include "case.h"

__attribute__((visibility("hidden"))) long hidden_variable = 20;
__attribute__((visibility("hidden"))) KEPT long hidden_function(long n) { return n + CHOOSE(1, 101); }

long hidden_symbols(long n) {
  const long value = hidden_function(hidden_variable) + n;
  hidden_variable += n;
  return value;
}
