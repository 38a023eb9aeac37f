/* setjmp and longjmp through changed functions. */
/* expect 3: 4 104 */
#include <setjmp.h>

#include "case.h"

static KEPT void jumps(jmp_buf *place, int value) { longjmp(*place, value + CHOOSE(1, 101)); }

long setjmp_longjmp(long n) {
  jmp_buf place;
  const int value = setjmp(place);
  if (value == 0) jumps(&place, (int)n);
  return value;
}
