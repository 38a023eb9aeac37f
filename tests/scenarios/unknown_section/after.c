#include <stdio.h>

__attribute__((noinline)) int probe(int n) {
  asm volatile(".pushsection .special,\"aw\",@progbits\n .quad 1f\n .popsection\n 1: nop" ::: "memory");
  return n + 2;
}

__attribute__((noinline)) int other(int n) {
  return n * 2;
}

void scenario(int n) { printf("%d\n", probe(n) + other(n)); }
