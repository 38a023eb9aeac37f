#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

__attribute__((noinline)) void report(int n) {
  char text[32];
  snprintf(text, sizeof text, "%d", n);
  printf("%s %zu\n", text, strlen(text));
}

void scenario(int n) { report(n); }
