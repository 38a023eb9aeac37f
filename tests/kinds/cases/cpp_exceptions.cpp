/* Thrown in the new code, through it (with and without landing pads) and caught in it. */
/* expect 7: 1007 4111 */
#include <stdexcept>

#include "case.h"

// No parts of their own for cold code: in a static program nothing tells that _Unwind_Resume does not return,
// and a landing pad noted in an exception, right behind such a call, looks like a suspended stack.
#ifndef __clang__
#pragma GCC optimize("no-reorder-blocks-and-partition")
#endif

struct Signal {
  long value;
};
static long unwound;
struct Guard {
  ~Guard() { ++unwound; }
};

extern "C" KEPT void signals(long n) { throw Signal{n}; }
extern "C" KEPT long fails_above(long limit, long n) {
  if (n > limit) throw std::runtime_error("too large");
  return n;
}
extern "C" KEPT long without_pads(long n) { return fails_above(100, n) + CHOOSE(1, 2); }
extern "C" KEPT long with_pads(long n) {
  Guard guard;
  return fails_above(100, n) + CHOOSE(1, 2);
}
extern "C" KEPT long catches(long n) {
#ifdef NEW
  try {
    if (n == 7) signals(n);
    return fails_above(5, n);
  } catch (const Signal& signal) {
    return signal.value + 3000;
  } catch (const std::exception&) {
    return 4000;
  }
#else
  return fails_above(5000, n);
#endif
}

/* How often something was thrown, how often unwound. */
extern "C" long cpp_exceptions(long n) {
  long caught = 0;
  unwound = 0;
  long (*const functions[])(long) = {without_pads, with_pads};
  for (const auto function : functions) {
    try {
      caught += function(n) > 1000000;
      caught += function(n + 1000);
    } catch (const std::exception&) {
      caught += 50;
    }
  }
  return catches(n) + caught * 10 + unwound + CHOOSE(-2, 102);
}
