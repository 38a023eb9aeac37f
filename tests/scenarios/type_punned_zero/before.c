#include <stdio.h>

static int settings[3] = {0, 0, 0};

__attribute__((noinline)) int set(int n) {
  settings[1] = n;
  return settings[1];
}

void scenario(int n) { printf("%d\n", set(n)); }
