/* Initial-exec access to a variable that had no slot of its own in the library before. */
/* only nopie pie library dlopened */
/* flags -ftls-model=initial-exec */
/* expect 3: 3 45 */
#include "case.h"

static __thread long local_answer = 42;

long thread_local_initial_new(long n) { return n + CHOOSE(0, local_answer); }

KEPT long sets_answer(long n) { return local_answer += n; }
