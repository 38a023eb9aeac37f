#include <stdio.h>

typedef int (*operation)(int);

static int add(int n) { return n + 1; }
static int sub(int n) { return n - 1; }
static operation chosen = add;
static const operation table[] = {add, sub};

__attribute__((noinline)) operation choose(int n) {
  if (n == 100) chosen = sub;
  return chosen;
}

void scenario(int n) {
  operation o = choose(n);
  printf("%d %s\n", o(n), o == table[0] ? "add" : o == table[1] ? "sub" : "unknown");
}
