#include <stdio.h>

__attribute__((noinline)) int answer(int n) { return n * 2; }

void scenario(int n) { printf("%d\n", answer(n)); }
