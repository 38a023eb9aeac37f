/* Calls functions of libc that the loader chooses by the machine (IFUNC) and that nobody in the process has called yet:
   their resolvers are asked. */
/* expect 3: 3 1103 */
#define _GNU_SOURCE
#include <string.h>
#include <wchar.h>

#include "case.h"

long new_ifunc_unused(long n) {
#ifdef NEW
  wchar_t wide[64];
  volatile char text[16] = "find me";
  wmemset(wide, (wchar_t)n, 64);
  const char *found = rawmemchr((const char *)text, 'm');
  return wide[63] + (found - (const char *)text) * 100 + 600;
#else
  return n;
#endif
}
