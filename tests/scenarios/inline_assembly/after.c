#include <stdio.h>

static int stored = 4;

__attribute__((noinline)) int twisted(int n) {
  int result;
  asm("lea 3(%q1), %0" : "=r"(result) : "r"(n));
  asm volatile("addl %1, %0" : "+m"(stored) : "r"(n));
  return result + stored;
}

void scenario(int n) { printf("%d\n", twisted(n)); }
