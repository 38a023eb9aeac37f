/* Calls a function of libc that the loader chose by the machine (IFUNC) and that the module did not call. */
/* expect 3: 3 303 */
/* refuse static static-pie: memrchr is not in the target, and a static program cannot load it */
#define _GNU_SOURCE
#include <string.h>

#include "case.h"

long new_ifunc(long n) {
#ifdef NEW
  volatile char letters[] = "abcabcabc";
  const char *last = memrchr((const char *)letters, 'a' + (int)n - 3, sizeof letters - 1);
  return last == NULL ? -1 : n + 50 * (last - (const char *)letters);
#else
  return n;
#endif
}
