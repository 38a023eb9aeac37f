#include <stdio.h>

int state = 3;
__attribute__((noinline)) int bump(int n) { return state += n * 2; }

void scenario(int n) { printf("%d\n", bump(n)); }
