#include <stdio.h>

__attribute__((noinline)) int count(int n) { return n; }

void scenario(int n) { printf("%d\n", count(n)); }
