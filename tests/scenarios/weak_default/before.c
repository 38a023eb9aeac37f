#include <stdio.h>

__attribute__((weak, noinline)) int hook(int n) {
  return n + 1;
}
extern int never_defined(int) __attribute__((weak));

__attribute__((noinline)) int ask(int n) {
  return hook(n);
}

void scenario(int n) { printf("%d\n", ask(n)); }
