/* As interposed_malloc, with a function that the module did not call before. */
/* expect 0: 0 101 */
/* only nopie pie library dlopened textrel */
#include <stdlib.h>

#include "case.h"

#ifdef NEW
long new_malloc(long n) {
  long *volatile block = reallocarray(NULL, 1, 777);
  const long marked = block[0] == 0x6d61726b;
  free(block);
  return marked + n + 100;
}
#else
long new_malloc(long n) { return n; }
#endif

void keeps_free(void *block) { free(block); }
