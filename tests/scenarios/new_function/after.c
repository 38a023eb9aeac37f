#include <stdio.h>

static int clipped;
static const int bounds[] = {-10, 10};

static __attribute__((noinline)) int clip(int n) {
  if (n >= bounds[0] && n <= bounds[1]) return n;
  clipped++;
  return n < 0 ? bounds[0] : bounds[1];
}

__attribute__((noinline)) int limit(int n) { return clip(n) + 1000 * clipped; }

void scenario(int n) { printf("%d\n", limit(n)); }
