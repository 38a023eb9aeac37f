/* A switch that compiles to a jump table, with another arm. */
/* expect 4: 44 444 */
#include "case.h"

KEPT long mix(long a, long b) { return a ^ b; }

long switch_table(long n) {
  switch (n) {
    case 0: return mix(n, 1);
    case 1: return mix(n * 3, 7) + 1;
    case 2: return mix(n + 9, n) - 4;
    case 3: return n * n * n;
    case 4: return CHOOSE(44, 444);
    case 5: return mix(12, n) * 2;
    case 6: return mix(mix(n, 3), 9);
#ifdef NEW
    case 7: return mix(1, 2);
#endif
    default: return -1;
  }
}
