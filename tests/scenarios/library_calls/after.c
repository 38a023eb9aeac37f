#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((noinline)) void report(int n) {
  char text[32], *copy;
  snprintf(text, sizeof text, "%d", n);
  copy = strdup(text);
  strfry(copy);
  printf("%s %zu %ld\n", text, strlen(copy), labs(strtol(text, NULL, 10)));
  free(copy);
}

void scenario(int n) { report(n); }
