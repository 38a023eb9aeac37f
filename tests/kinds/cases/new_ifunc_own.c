/* Calls an indirect function (IFUNC) of the module itself, of which nobody has used the slot: its resolver is asked. */
/* expect 3: 3 1000003 */
#include "case.h"

static long add_a_million(long n) { return n + 1000000; }
static long add_nothing(long n) { return n; }
static volatile int is_capable = 1;

__attribute__((used)) static long (*choose_adder(void))(long) { return is_capable ? add_a_million : add_nothing; }

__attribute__((visibility("hidden"), used)) long new_ifunc_own_adder(long n) __attribute__((ifunc("choose_adder")));

long new_ifunc_own(long n) {
#ifdef NEW
  return new_ifunc_own_adder(n);
#else
  return n;
#endif
}
