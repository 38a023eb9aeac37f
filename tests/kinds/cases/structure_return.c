/* A structure returned in memory. */
/* expect 3: 9 309 */
#include "case.h"

struct numbers {
  long values[5];
};

KEPT struct numbers makes(long n) {
  struct numbers made = {{n, n, n, 0, 0}};
  made.values[4] = CHOOSE(0, 300);
  return made;
}

long structure_return(long n) {
  const struct numbers made = makes(n);
  return made.values[0] + made.values[1] + made.values[2] + made.values[4];
}
