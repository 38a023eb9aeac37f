#include <stdio.h>

static const int weights[] = {1, 2, 3, 4, 50, 6, 7, 8, 9, 10};
static const char *const names[] = {"zero", "one", "deux"};

__attribute__((noinline)) int weight(int n) { return weights[n % 10]; }
__attribute__((noinline)) const char *name(int n) { return names[n % 3]; }

void scenario(int n) {
  int w = weight(n);
  printf("%d %s\n", w, name(n));
}
