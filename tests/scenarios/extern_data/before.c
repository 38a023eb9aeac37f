#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((noinline)) int tell(int n) {
  fputs("old\n", stdout);
  return environ != 0;
}

void scenario(int n) {
  if (tell(n) == 0) puts("nothing");
}
