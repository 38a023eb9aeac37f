/* A new global function, called by the changed one. */
/* expect 3: 3 103 */
#include "case.h"

#ifdef NEW
KEPT long appears(long n) { return n + 100; }
#endif

long new_function(long n) {
#ifdef NEW
  return appears(n);
#else
  return n;
#endif
}
