#include <stdio.h>
#include <stdlib.h>

static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
static int (*const order)(const void *, const void *) = compare;
struct operation {
  const char *name;
  int (*run)(int);
};
static int twice(int n) { return n > 100 ? 0 : n * 2; }
static int same(int n) { return n; }
static struct operation operations[] = {{"twice", twice}, {"same", same}};

void scenario(int n) {
  int numbers[] = {2, 3, 1};
  qsort(numbers, 3, sizeof *numbers, order);
  printf("%d %s %d\n", numbers[0], operations[n].name, operations[n].run(n + 5));
}
