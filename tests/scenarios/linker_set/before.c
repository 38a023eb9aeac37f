#include <stdio.h>

struct entry {
  int value;
};
extern const struct entry __start_entries[], __stop_entries[];
static const struct entry first __attribute__((section("entries"), used)) = {1};
static const struct entry second __attribute__((section("entries"), used)) = {2};

void scenario(int n) {
  int sum = n;
  for (const struct entry *e = __start_entries; e != __stop_entries; e++) sum += e->value;
  printf("%d\n", sum);
}
