/* A constructor with its base, and a destructor, on objects made and unmade after the change. */
/* expect 5: 16 1322 */
#include "case.h"

namespace {
long undone;
struct Base {
  KEPT explicit Base(long n) : base(n + CHOOSE(1, 101)) {}
  long base;
};
struct Made : Base {
  KEPT explicit Made(long n) : Base(n), made(n * CHOOSE(2, 40)) {}
  KEPT ~Made() { undone = CHOOSE(0, 1016); }
  long made;
};
}  // namespace

extern "C" long cpp_constructor(long n) {
  undone = 0;
  long answer = 0;
  {
    Made made(n);
    answer = made.base + made.made;
  }
  return answer + undone;
}
