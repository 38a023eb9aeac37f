/* A constant of the target, and a new one. */
/* expect 2: 30 330 */
#include "case.h"

static const long table[] = {10, 20, 30, 40};
#ifdef NEW
static const long more[] = {100, 200, 300, 400};
#endif

long constant(long n) {
  long value = table[n & 3];
#ifdef NEW
  value += more[n & 3];
#endif
  return value;
}
