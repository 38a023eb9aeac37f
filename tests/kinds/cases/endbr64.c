/* The entry is a landing pad, which stays. */
/* flags -fcf-protection=branch */
/* expect 3: 4 104 */
#include "case.h"

KEPT long lands(long n) { return n * 3 / 3 + CHOOSE(1, 101); }
long (*volatile landing)(long) = lands;

long endbr64(long n) {
  const unsigned pad = *(const unsigned *)(const void *)landing;
  return landing(n) + (pad == 0xfa1e0ff3 ? 0 : 1000);
}
