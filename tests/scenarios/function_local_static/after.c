#include <stdio.h>

__attribute__((noinline)) int other(int n) {
  static int seen = 7;
  seen += n;
  return seen;
}

__attribute__((noinline)) int tally(int n) {
  static int seen = 40;
  static int largest = 3;
  if (n > largest) largest = n;
  seen += n;
  return seen * 1000 + largest;
}

void scenario(int n) {
  int first = other(n);
  printf("%d %d\n", first, tally(n));
}
