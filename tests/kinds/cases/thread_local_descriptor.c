/* TLS descriptors (the GNU2 dialect). */
/* only library/gcc dlopened/gcc */
/* flags -mtls-dialect=gnu2 */
/* expect 3: 12 115 18 121 */
#include "case.h"

__thread long described_globally = 4;
static __thread long described = 9;

long thread_local_descriptor(long n) {
  described += n;
  return described + CHOOSE(0, 96 + described_globally);
}

KEPT long keeps_described(long n) { return described_globally + n; }
