/* Three bytes and one byte, and padding behind them. */
/* expect 3: 0 51 */
#include "case.h"

KEPT long three_bytes(void) { return CHOOSE(0, 1); }

#ifdef NEW
KEPT void one_byte(long *into) { *into = 50; }
#else
KEPT void one_byte(long *into) { (void)into; }
#endif

/* No compiler may see through them: they are to change alone. */
long (*volatile short_one)(void) = three_bytes;
void (*volatile shortest_one)(long *) = one_byte;

long short_function(long n) {
  long into = 0;
  shortest_one(&into);
  return short_one() + into + n - 3;
}
