#include <stdio.h>
#include <stdint.h>

static _Alignas(64) int table[16] = {1, 2, 3};

__attribute__((noinline)) int aligned(int n) {
  static _Alignas(256) char fresh[256];
  fresh[n] = 1;
  int result = table[n];
  return result * 10 + (int)((uintptr_t)table % 64) + (int)((uintptr_t)fresh % 256);
}

void scenario(int n) { printf("%d\n", aligned(n)); }
