#include <stdio.h>

__attribute__((noinline)) int limit(int n) { return n; }

void scenario(int n) { printf("%d\n", limit(n)); }
