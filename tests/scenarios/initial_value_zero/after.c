#include <stdio.h>

static int setting = 7;

__attribute__((noinline)) int get(int n) { return setting += n; }

void scenario(int n) { printf("%d\n", get(n)); }
