#include <stdio.h>

static const char names[3][8] = {"zero", "one", "two"};
static int uses = 500;
static int total;
int (*volatile hook)(int);

__attribute__((noinline)) static int noted(int n) { return total += n; }
__attribute__((noinline)) static int named(int n) { return printf("[%s %d %d] ", names[n % 3], uses, total); }

int linked(int n);
int linked(int n) {
  if (hook != NULL) return hook(n);
  return noted(n);
}

int seldom(int n);
int seldom(int n) {
  uses += n;
  int size = named(n);
  hook = noted;
  return size;
}
