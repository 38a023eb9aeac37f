/* Called by two spinning threads all the time: they may see the old or the new value, and nothing else. */
/* expect 5: 1005 2005 */
#include "case.h"

extern "C" long cpp_spinning(long n) { return n + CHOOSE(1000, 2000); }
