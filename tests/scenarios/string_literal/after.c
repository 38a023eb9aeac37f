#include <stdio.h>

__attribute__((noinline)) const char *name(int n) {
  if (n == 0) return "nothing";
  return n == 1 ? "exactly one thing" : "many things";
}

void scenario(int n) { puts(name(n)); }
