/* Two to four bytes, and another function right behind them: the jump stands in padding near by. */
/* expect 3: 3 105 */
/* flags -falign-functions=1 */
#include "case.h"

#define ALIGNED __attribute__((aligned(64)))
#ifdef __clang__
#define PACKED __attribute__((minsize)) /* clang aligns all others */
#else
#define PACKED
#endif

KEPT ALIGNED long before_the_short(long n) { return n * 7 + 1; }
KEPT PACKED long first_short(void) { return CHOOSE(0, 40); }
KEPT PACKED long second_short(long n) { return CHOOSE(n, n + 62); }
#ifdef NEW
KEPT PACKED void third_short(void) { __asm__ volatile("nop\nnop\nnop"); }
#else
KEPT PACKED void third_short(void) { __asm__ volatile("nop"); }
#endif
KEPT PACKED long behind_the_short(long n) { return n * 3; }
KEPT ALIGNED long after_the_short(long n) { return n * 5 - 1; }

/* No compiler may see through them. */
long (*volatile island_one)(void) = first_short;
long (*volatile island_two)(long) = second_short;
void (*volatile island_three)(void) = third_short;
long (*volatile island_others[])(long) = {before_the_short, behind_the_short, after_the_short};

long short_function_island(long n) {
  const long before = island_others[0](n) + island_others[1](n) + island_others[2](n);
  island_three();
  const long answer = island_one() + island_two(n);
  return island_others[0](n) + island_others[1](n) + island_others[2](n) == before ? answer : -1;
}
