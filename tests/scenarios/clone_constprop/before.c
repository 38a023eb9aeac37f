#include <stdio.h>
#include <stdlib.h>

static __attribute__((noinline)) int scale(int n, int factor, const char *label) {
  if (n > 1000) {
    puts(label);
    abort();
  }
  return n * factor;
}

__attribute__((noinline)) int first(int n) { return scale(n, 3, "first"); }
__attribute__((noinline)) int second(int n) { return scale(n + 1, 3, "second"); }

void scenario(int n) { printf("%d %d\n", first(n), second(n)); }
