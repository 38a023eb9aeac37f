#include <stdio.h>

__attribute__((noinline)) const char *say(int n) {
  return n ? "foobar" : "bar";
}

void scenario(int n) { puts(say(n)); }
