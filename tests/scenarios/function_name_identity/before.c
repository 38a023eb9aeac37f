#include <stdio.h>

const char *last_caller = "";
static int is_noticed(const char *name) { return name == last_caller; }

__attribute__((noinline)) int first(int n) {
  last_caller = __func__;
  return n + 1;
}

__attribute__((noinline)) int second(int n) {
  printf("%s %s ", __func__, last_caller);
  return n + 2;
}

/* keeps the name it was given first: the string's address is part of the state */
__attribute__((noinline)) int third(int n) {
  static const char *mine;
  if (mine == NULL) mine = __func__;
  return mine == __func__ && !is_noticed(mine) ? n : -n;
}

void scenario(int n) { printf("%d\n", first(n) + second(n) + third(n)); }
