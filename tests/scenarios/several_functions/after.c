#include <stdio.h>

__attribute__((noinline)) int even(int n);
__attribute__((noinline)) int odd(int n) { return n <= 0 ? 10 : even(n - 1); }
__attribute__((noinline)) int even(int n) { return n <= 0 ? 20 : odd(n - 1); }

void scenario(int n) { printf("%d %d\n", even(n), odd(n)); }
