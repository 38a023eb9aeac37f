/* The address of a global is the same in old and new code. */
/* expect 0: 1 101 */
#include "case.h"

long identified_global = 7;
long *kept_address = &identified_global;

long global_address(long n) { return (kept_address == &identified_global) + n + CHOOSE(0, 100); }
