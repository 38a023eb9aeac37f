#include <stdio.h>

static int values[10] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
static int *const middle = values + 5;
static int *const end = values + 10;
static int plus(int n) { return n + 1; }
static int minus(int n) { return n - 1; }
static int (*const operations[])(int) = {plus, minus};
static int (*volatile current)(int) = plus;

__attribute__((noinline)) int compute(int n) {
  int sum = 0;
  for (int *p = middle; p != end; p++) sum += *p;
  return operations[n & 1](sum) + current(n);
}

void scenario(int n) { printf("%d\n", compute(n)); }
