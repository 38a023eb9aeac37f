#include <stdio.h>

// Each function begins with endbr64; the redirect stands behind it and ends in the middle of an instruction.
__attribute__((aligned(4096), noinline)) unsigned long first(unsigned long a, unsigned long b) {
  a ^= 3;
  if (a == 0x2bdc545d6b4b87ul) return b;
  return a + b + 1;
}

__attribute__((aligned(4096), noinline)) unsigned long second(unsigned long a, unsigned long b) {
  a ^= 5;
  if (a == 0x1bdc545d6b4b87ul) return b;
  return a + b + 2;
}

void scenario(int n) { printf("%lu\n", first((unsigned long)n, 1) * 100 + second((unsigned long)n, 2)); }
