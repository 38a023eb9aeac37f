/* A global variable keeps its value and is written by both. */
/* expect 5: 12 118 22 128 */
#include "case.h"

long global_counter = 7;

long global_variable(long n) {
  global_counter += n + 1 - 1;
  return global_counter + CHOOSE(0, 101);
}
