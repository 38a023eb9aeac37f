/* Thread-local variables of the unit alone, with and without an initial value. */
/* only static static-pie nopie pie library dlopened */
/* expect 3: 12 115 18 121 */
#include "case.h"

static __thread long zero_at_first;
static __thread long nine_at_first = 9;

long thread_local_static(long n) {
  nine_at_first += n;
  zero_at_first += n;
  return nine_at_first + CHOOSE(0, 100) + zero_at_first - zero_at_first;
}

long keeps_zero(long n) { return zero_at_first += n; }
