/* A thread-local variable that other units can name. */
/* only static static-pie nopie pie library dlopened */
/* expect 3: 12 114 18 120 */
#include "case.h"

__thread long seen_by_thread = 9;

long thread_local_global(long n) {
  seen_by_thread += n;
  return seen_by_thread + CHOOSE(0, 99);
}
