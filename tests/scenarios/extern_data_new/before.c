#include <stdio.h>
#include <unistd.h>

__attribute__((noinline)) int tell(int n) {
  return n;
}

void scenario(int n) { printf("%d\n", tell(n)); }
