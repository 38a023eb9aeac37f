#include <stdio.h>

__attribute__((noinline)) int probe(int n) {
  return n + 1;
}

__attribute__((noinline)) int other(int n) {
  return n;
}

void scenario(int n) { printf("%d\n", probe(n) + other(n)); }
