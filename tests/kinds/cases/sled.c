/* A patchable entry: five bytes of nop. */
/* flags -fpatchable-function-entry=5 */
/* expect 3: 4 104 */
#include "case.h"

long sled(long n) { return n + CHOOSE(1, 101); }
