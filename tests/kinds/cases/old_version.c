/* Asks for an old version of a symbol by name. */
/* expect 3: 3 36 */
/* only nopie pie library dlopened textrel */
#include <string.h>

#include "case.h"

#ifdef NEW
void *old_memcpy(void *to, const void *from, unsigned long size);
__asm__(".symver old_memcpy, memcpy@GLIBC_2.2.5");

long old_version(long n) {
  volatile char from[] = "0123456", to[8];
  old_memcpy((void *)to, (void *)from, 8);
  return 10 * n + to[6] - '0';
}
#else
long old_version(long n) { return n; }
#endif
