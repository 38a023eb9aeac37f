#include <stdio.h>

__attribute__((noinline)) int first(int n) {
  static int count = 10;
  count += n;
  return count;
}

__attribute__((noinline)) int second(int n) {
  static int count = 200;
  count += n;
  return count;
}

void scenario(int n) { printf("%d %d\n", first(n), second(n)); }
