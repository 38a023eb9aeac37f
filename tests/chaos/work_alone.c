// As before, but for pair(), which changes alone and so without a stop.
#define APART __attribute__((noinline, aligned(4096)))

APART long first(long x) { return x * 3 + 1; }

APART long second(long x) { return x * 5 + 1; }

APART long pair(long x) {
  long one = first(x);
  long other = second(x);
  return one * 100003 + other + 9;
}
