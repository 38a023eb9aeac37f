/* Calls an IFUNC of libc that another function of the module calls too. */
/* expect 4: 4 44 */
#include <string.h>

#include "case.h"

KEPT void copy_text(char *to, const char *from, unsigned long size) { memcpy(to, from, size); }

long known_ifunc(long n) {
  char text[64];
  copy_text(text, "0123456789", 11);
#ifdef NEW
  char more[64];
  memcpy(more, text, (unsigned long)n + 4);
  return 10 * (more[n] - '0') + n;
#else
  return text[n] - '0';
#endif
}
