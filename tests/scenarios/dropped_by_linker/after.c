#include <stdio.h>

static const char names[3][8] = {"zero", "one", "two"};
static int uses = 500;

int seldom(int n);
int seldom(int n) {
  uses += n;
  return printf("[%s %d] ", names[n % 3], uses);
}

__attribute__((noinline)) int often(int n) {
  return n + seldom(n);
}

void scenario(int n) { printf("%d\n", often(n)); }
