/* A patchable entry, most of it before the function: the symbol stands inside its section. */
/* flags -fpatchable-function-entry=16,14 */
/* expect 3: 4 104 */
#include "case.h"

long sled_before(long n) { return n + CHOOSE(1, 101); }
