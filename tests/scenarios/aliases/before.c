#include <stdio.h>

__attribute__((noinline)) int real(int n) {
  return n * 3 - 1;
}
extern int same(int n) __attribute__((alias("real")));
extern int weakly(int n) __attribute__((weak, alias("real")));

void scenario(int n) { printf("%d %d %d\n", real(n), same(n), weakly(n)); }
