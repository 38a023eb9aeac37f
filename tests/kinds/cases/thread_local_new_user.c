/* A function that touched no thread-local variable before reads one that another function sets. */
/* only static static-pie nopie pie library dlopened */
/* expect 3: 3 45 */
#include "case.h"

__thread long set_elsewhere = 42;

KEPT long sets_it(long n) { return set_elsewhere = n; }

long thread_local_new_user(long n) { return n + CHOOSE(0, set_elsewhere); }
