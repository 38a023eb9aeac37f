#include <stdio.h>

static int setting;

__attribute__((noinline)) int get(int n) { return setting += n; }

void scenario(int n) { printf("%d\n", get(n)); }
