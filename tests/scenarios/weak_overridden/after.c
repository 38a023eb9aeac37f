#include <stdio.h>

__attribute__((weak, noinline)) int hook(int n) {
  return n + 2;
}
__attribute__((noinline)) int ask(int n) {
  return hook(n) * 2;
}

void scenario(int n) { printf("%d\n", ask(n)); }
