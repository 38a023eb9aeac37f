#include <stdio.h>

__attribute__((noinline)) int second(int n) {
  static int count = 200;
  count += n;
  return count * 3;
}

__attribute__((noinline)) int first(int n) {
  static int count = 10;
  count += n;
  return count * 2;
}

void scenario(int n) { printf("%d %d\n", first(n), second(n)); }
