// What the chaos target computes: pair() calls first() and second(), which lie in pages of their own, so that
// the three can only switch together by a transit. STEP is 1, or 2 in a change of all three; EXTRA is what
// pair() adds: changed alone, it switches without a stop.
#define APART __attribute__((noinline, aligned(4096)))

APART long first(long x) { return x * 3 + STEP; }

APART long second(long x) { return x * 5 + STEP; }

APART long pair(long x) {
  long one = first(x);
  long other = second(x);
  return one * 100003 + other + EXTRA;
}
