#include <stdio.h>
#include <stdlib.h>

extern void complain(const char *, int) __attribute__((cold, noinline));
void complain(const char *what, int n) { printf("%s %d", what, n); }

__attribute__((noinline)) int checked(int n) {
  if (__builtin_expect(n < 0, 0)) {
    complain("negative", n);
    complain(" truly", n);
    return -2;
  }
  return n * 3;
}

void scenario(int n) {
  int result = checked(n);
  printf(" = %d\n", result);
}
