/* The changed function hands a static function, old or new, to libc. */
/* expect 0: 1 3 */
#include <stdlib.h>

#include "case.h"

static KEPT int ascending(const void *a, const void *b) {
  const long x = *(const long *)a, y = *(const long *)b;
  return (x > y) - (x < y);
}
#ifdef NEW
static KEPT int descending(const void *a, const void *b) { return ascending(b, a); }
#endif

long passed_function(long n) {
  long values[] = {2, 3, 1};
  qsort(values, 3, sizeof values[0], CHOOSE(ascending, descending));
  return values[n];
}
