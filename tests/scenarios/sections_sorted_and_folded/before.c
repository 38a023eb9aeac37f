#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int counter = 3;
static int hidden = 5;
static const char *const names[] = {"zero", "one", "two"};
__attribute__((noinline)) int twice(int n) { return n * 2; }
static __attribute__((noinline)) int thrice(int n) { return n * 3; }
static int (*chosen)(int) = thrice;

__attribute__((noinline)) int compute(int n) {
  int (*volatile other)(int) = twice;
  counter += n;
  hidden += abs(-n);
  return other(n) + chosen(n) + counter + hidden + (int)strlen(names[n % 3]);
}

void scenario(int n) { printf("%d\n", compute(n)); }
