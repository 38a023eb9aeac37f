// What the chaos target computes: pair() calls first() and second(), which lie in pages of their own, so that
// the three can only switch together by a transit.
#define APART __attribute__((noinline, aligned(4096)))

APART long first(long x) { return x * 3 + 1; }

APART long second(long x) { return x * 5 + 1; }

APART long pair(long x) {
  long one = first(x);
  long other = second(x);
  return one * 100003 + other;
}
