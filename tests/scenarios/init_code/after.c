#include <stdio.h>

int ready;

__attribute__((constructor)) static void prepare(void) {
  ready = 2;
}

void scenario(int n) { printf("%d\n", n + ready); }
