#include <stdarg.h>
#include <stdio.h>

__attribute__((noinline)) int sum(int count, ...) {
  va_list list;
  va_start(list, count);
  int total = 0;
  for (int i = 0; i < count; i++) total += va_arg(list, int);
  va_end(list);
  return total;
}

void scenario(int n) { printf("%d\n", sum(4, n, 2, 3, 4)); }
