#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((noinline)) int measure(const char *text) {
  return (int)strlen(text);
}

void scenario(int n) { printf("%d\n", measure(n ? "abc" : "xyz")); }
