/* Calls a function of libc that no code of the module called before. */
/* expect 7: 7 -1 */
/* refuse static static-pie: strverscmp is not in the target, and a static program cannot load it */
#include <string.h>

#include "case.h"

#ifndef NEW
long new_libc_function(long n) { return n; }
#else
int strverscmp(const char *, const char *);

long new_libc_function(long n) {
  const char text[] = {(char)('0' + n), 0};
  return strverscmp(text, "10") < 0 ? -1 : 1;
}
#endif
