#include <stdio.h>

static const char *const names[3] = {"zero", "one", "two"};
static int uses = 500;
static int total;
int (*volatile hook)(int);
int bumps;
__attribute__((visibility("default"))) int shown = 7;

__attribute__((noinline)) static int noted(int n) { return total += n; }
__attribute__((noinline)) static int named(int n) {
  return printf("[%s %d %d %d %d] ", names[n % 3], uses, total, shown, bumps);
}
__attribute__((visibility("default"), noinline)) int announced(int n) { return shown += n; }

int linked(int n);
int linked(int n) {
  if (hook != NULL) return hook(n);
  return noted(n);
}

int seldom(int n);
int seldom(int n) {
  uses += n;
  ++bumps;
  announced(n);
  int size = named(n);
  hook = noted;
  return size;
}
