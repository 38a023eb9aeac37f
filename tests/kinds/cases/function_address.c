/* The address of a function, patched or not, is the same in old and new code. */
/* expect 0: 11 111 */
#include "case.h"

KEPT long named_function(long n) { return n + CHOOSE(1, 2); }
KEPT long other_function(long n) { return n + 3; }
long (*kept_named)(long) = named_function;
long (*kept_other)(long) = other_function;

long function_address(long n) {
  return 10 * (kept_named == named_function) + (kept_other == other_function) + n + CHOOSE(0, 100);
}
