#include <stdio.h>

__attribute__((noinline)) int interpret(const char *code) {
  static const void *const labels[] = {&&add, &&sub, &&done};
  int value = 0;
next:
  goto *labels[*code++ - '0'];
add:
  value += 100;
  goto next;
sub:
  value -= 10;
  goto next;
done:
  return value;
}

void scenario(int n) { printf("%d\n", interpret(n ? "0012" : "02")); }
