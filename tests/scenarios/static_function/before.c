#include <stdio.h>

static __attribute__((noinline)) int step(int n) { return n * 7 + n / 3 + 1; }
static __attribute__((noinline)) int twice(int n) { return step(n) + step(n + 1); }

void scenario(int n) { printf("%d\n", twice(n)); }
