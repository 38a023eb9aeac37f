/* New string, new constant, new static variable, new static function. */
/* expect 3: 3 118 */
#include <string.h>

#include "case.h"

#ifdef NEW
static const char *const words[] = {"none", "one", "two", "three words"};
static long calls;
static KEPT long count_calls(void) { return ++calls; }
#endif

long new_data(long n) {
#ifdef NEW
  return n + 100 + (long)strlen(words[n & 3]) + count_calls() + CHOOSE(0, 3);
#else
  return n + (long)strlen("");
#endif
}

long keeps_strlen(const char *text) { return (long)strlen(text); }
