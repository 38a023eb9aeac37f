/* Three bytes and padding behind them. */
/* expect 3: 0 1 */
#include "case.h"

KEPT long three_bytes(void) { return CHOOSE(0, 1); }

long short_function(long n) { return three_bytes() + n - 3; }
