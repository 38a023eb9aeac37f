#include <stdio.h>

__attribute__((noinline)) int twin(int n) { return n * 7 + 3; }
__attribute__((noinline)) int other(int n) { return n * 7 + 4; }

void scenario(int n) { printf("%d %d\n", twin(n), other(n)); }
