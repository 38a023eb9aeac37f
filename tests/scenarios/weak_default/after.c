#include <stdio.h>

__attribute__((weak, noinline)) int hook(int n) {
  return n + 2;
}
extern int never_defined(int) __attribute__((weak));

__attribute__((noinline)) int ask(int n) {
  return never_defined ? never_defined(n) : hook(n) * 2;
}

void scenario(int n) { printf("%d\n", ask(n)); }
