#include <stdio.h>

__attribute__((noinline)) int tally(int n) {
  int result = 0;
  if (n % 2) {
    static int count;
    count += 3 * n;
    result += count * 100;
  }
  if (n > 0) {
    static int count;
    count += n;
    result += count;
  }
  return result;
}

void scenario(int n) { printf("%d\n", tally(n)); }
