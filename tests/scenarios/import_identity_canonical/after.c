#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

int answer(int n);
__attribute__((noinline)) int answer(int n) {
  int (*volatile known)(void) = getppid;
  return dlsym(RTLD_DEFAULT, "getppid") == (void *)known && known() == getppid() ? n + 1000 : -1;
}

void scenario(int n) { printf("%d\n", answer(n)); }
