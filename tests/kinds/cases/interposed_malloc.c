/* malloc is interposed by a preloaded library that marks blocks of one size: new code must reach it too. */
/* expect 0: 1 101 */
/* only nopie pie library dlopened textrel */
#include <stdlib.h>

#include "case.h"

long interposed_malloc(long n) {
  long *volatile block = malloc(777);
  const long marked = block[0] == 0x6d61726b;
  free(block);
  return marked + n + CHOOSE(0, 100);
}
