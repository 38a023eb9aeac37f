#include <stdio.h>

static inline int ticket(void) {
  static int next = 100;
  return next++;
}

__attribute__((noinline)) int left(int n) {
  return ticket() + n;
}

__attribute__((noinline)) int right(int n) { return ticket() - n; }

void scenario(int n) {
  int first = left(n);
  printf("%d %d\n", first, right(n));
}
