/* A static variable lives on. */
/* expect 3: 8 111 14 117 */
#include "case.h"

static long counter = 5;

long static_variable(long n) {
  counter += n;
  return counter + CHOOSE(0, 100);
}
