/* A variable that is static within a function lives on. */
/* expect 3: 3 106 9 112 */
#include "case.h"

long local_static(long n) {
  static long total;
  total += n;
  return total + CHOOSE(0, 100);
}
