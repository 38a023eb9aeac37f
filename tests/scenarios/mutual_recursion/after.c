#include <stdio.h>

int is_odd(int n);
__attribute__((noinline)) int is_even(int n) {
  volatile int left = n;
  return left == 0 ? 11 : is_odd(left - 1) + 0 * left;
}
__attribute__((noinline)) int is_odd(int n) {
  volatile int left = n;
  return left == 0 ? 12 : is_even(left - 1) + 0 * left;
}

void scenario(int n) { printf("%d\n", is_even(n)); }
