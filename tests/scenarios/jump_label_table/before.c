#include <stdio.h>

__attribute__((noinline)) int branchy(int n) {
  asm goto("1: nop\n .pushsection jump_table,\"aw\"\n .quad 1b, %l0\n .popsection" : : : : other);
  return n + 10;
other:
  return 20;
}

void scenario(int n) { printf("%d\n", branchy(n)); }
