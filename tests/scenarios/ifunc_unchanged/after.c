#include <stdio.h>

static int by_two(int n) { return n * 2; }
static int by_three(int n) { return n * 3; }
static int (*resolve(void))(int) { return sizeof(int) == 4 ? by_three : by_two; }
int scaled(int n) __attribute__((ifunc("resolve")));

__attribute__((noinline)) int use(int n) {
  return scaled(n) + scaled(1);
}

void scenario(int n) { printf("%d\n", use(n)); }
