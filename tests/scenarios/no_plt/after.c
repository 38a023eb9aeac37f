#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((noinline)) int measure(const char *text) {
  return (int)strlen(text) + (strtol(text, 0, 16) == 0xabc) * 100;
}

void scenario(int n) { printf("%d\n", measure(n ? "abc" : "xyz")); }
