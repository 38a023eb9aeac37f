/* Hooks of the patch run in the module. */
/* expect 3: 3 1803 103 1803 */
#include "case.h"

#include "stent/patch.h"

long set_by_hooks;

#ifdef NEW
STENT_PRE_APPLY(looks_first) { return set_by_hooks < 0; }
STENT_POST_APPLY(sets) {
  set_by_hooks = 1100;
  return 0;
}
STENT_POST_REVERT(sets_back) {
  set_by_hooks = 100;
  return 0;
}
#endif

long hooks(long n) { return set_by_hooks + n + CHOOSE(0, 700); }
