/* A function with variable arguments. */
/* expect 3: 6 106 */
#include <stdarg.h>

#include "case.h"

KEPT long sum(int count, ...) {
  va_list list;
  va_start(list, count);
  long total = CHOOSE(0, 100);
  for (int i = 0; i < count; ++i) total += va_arg(list, long);
  va_end(list);
  return total;
}

long varargs(long n) { return sum(3, n, n - 1, n - 2); }
