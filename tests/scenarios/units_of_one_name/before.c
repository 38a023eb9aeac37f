#include <stdio.h>

int answer_second(int n);
static int bias = 3;

static __attribute__((noinline)) int compute(int n) {
  return n + bias++;
}

void scenario(int n) { printf("%d %d\n", compute(n), answer_second(n)); }
