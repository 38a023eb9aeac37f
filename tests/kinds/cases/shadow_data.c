/* A field that the patch adds to an object of the module. */
/* expect 3: 3 1004 3 1005 */
#include "case.h"

#include "stent/shadow.h"

struct visited {
  long unused;
} object_of_shadow;

long shadow_data(long n) {
#ifdef NEW
  long *visits = stent_shadow_alloc(&object_of_shadow, 1, sizeof *visits);
  return visits == 0 ? -1 : 1000 + n + ++*visits;
#else
  return n + object_of_shadow.unused;
#endif
}
