#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

int answer(int n);
__attribute__((noinline)) int answer(int n) {
  int (*volatile known)(void) = getppid;
  return known != 0 ? n + 1 : -1;
}

void scenario(int n) { printf("%d\n", answer(n)); }
