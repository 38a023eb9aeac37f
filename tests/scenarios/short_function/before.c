#include <stdio.h>

__attribute__((noinline)) int nothing(void) { return 0; }

void scenario(int n) { printf("%d\n", nothing() + n); }
