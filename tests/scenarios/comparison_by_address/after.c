#include <stdio.h>

static const char none[] = "none";
static int marker;

__attribute__((noinline)) const char *get(int n) { return n ? "some" : none; }

__attribute__((noinline)) int look(int n) {
  const char *found = get(n);
  return found == none ? -2 : (int)(&marker != 0);
}

void scenario(int n) { printf("%d\n", look(n)); }
