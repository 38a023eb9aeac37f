#include <stdio.h>

static int by_two(int n) { return n * 2; }
static int by_three(int n) { return n * 3; }
static int (*resolve(void))(int) { return __builtin_cpu_supports("sse2") ? by_three : by_two; }
int scaled(int n) __attribute__((ifunc("resolve")));

void scenario(int n) { printf("%d\n", scaled(n)); }
