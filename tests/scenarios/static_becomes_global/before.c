#include <stdio.h>

static int state = 3;
static __attribute__((noinline)) int bump(int n) { return state += n; }

void scenario(int n) { printf("%d\n", bump(n)); }
