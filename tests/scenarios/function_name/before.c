#include <stdio.h>

const char *last_caller = "";

__attribute__((noinline)) int first(int n) {
  last_caller = __func__;
  return n + 1;
}

__attribute__((noinline)) int second(int n) {
  printf("%s %s ", __func__, last_caller);
  return n + 2;
}

void scenario(int n) { printf("%d\n", first(n) + second(n)); }
