/* Writes to stderr's twin that the module knows: a variable of libc with a copy or a slot. */
/* expect 0: 1 101 */
#include <stdio.h>

#include "case.h"

KEPT FILE *the_output(void) { return stdout; }

long known_data(long n) { return (stdout == the_output()) + n + CHOOSE(0, 100); }
