#include <stdio.h>

__attribute__((noinline)) int branchy(int n) {
  asm goto("test %0, %0; jnz %l1" : : "r"(n) : "cc" : other);
  return 10;
other:
  return 20;
}

void scenario(int n) { printf("%d\n", branchy(n)); }
