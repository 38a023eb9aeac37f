#include <stdio.h>

__attribute__((noinline)) int other(int n) {
  static int seen = 7;
  seen += n;
  return seen;
}

__attribute__((noinline)) int tally(int n) {
  static int seen = 40;
  seen += n;
  return seen;
}

void scenario(int n) {
  int first = other(n);
  printf("%d %d\n", first, tally(n));
}
