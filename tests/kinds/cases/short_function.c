/* Three bytes and padding behind them. */
/* expect 3: 0 1 */
#include "case.h"

KEPT long three_bytes(void) { return CHOOSE(0, 1); }

long (*volatile short_one)(void) = three_bytes; /* no compiler may see through it: it is to change alone */

long short_function(long n) { return short_one() + n - 3; }
