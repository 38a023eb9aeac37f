/* Initial-exec access in a library: the block's distance from the thread pointer is the loader's choice. */
/* only nopie pie library dlopened */
/* flags -ftls-model=initial-exec */
/* expect 3: 12 115 18 121 */
#include "case.h"

static __thread long before_it = 1;
static __thread long counted = 9;

long thread_local_initial(long n) {
  counted += n;
  return counted + CHOOSE(0, 100);
}

long keeps_before(long n) { return before_it += n; }
