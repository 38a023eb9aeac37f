#include <stdio.h>

__attribute__((noinline)) int depth(int n) { return n <= 0 ? 0 : 2 + depth(n - 1); }

__attribute__((noinline)) int is_odd(int n);
__attribute__((noinline)) int is_even(int n) { return n == 0 ? 10 : is_odd(n - 1); }
__attribute__((noinline)) int is_odd(int n) { return n == 0 ? 0 : is_even(n - 1); }

void scenario(int n) { printf("%d %d\n", depth(n), is_even(n)); }
