#include <stdio.h>
#include <stdint.h>

static _Alignas(64) int table[16] = {1, 2, 3};

__attribute__((noinline)) int aligned(int n) {
  int result = table[n];
  return result + (int)((uintptr_t)table % 64);
}

void scenario(int n) { printf("%d\n", aligned(n)); }
