/* Calls a function of libc that the old code calls as well. */
/* expect 12: 12 1012 */
#include <stdio.h>
#include <stdlib.h>

#include "case.h"

long calls_libc(long n) {
  char text[32];
  snprintf(text, sizeof text, "%ld", n + CHOOSE(0, 1000));
  return strtol(text, NULL, 10);
}
