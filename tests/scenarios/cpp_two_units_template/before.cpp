#include <cstdio>
#include "unit.h"

int second(int n);
extern "C" void scenario(int n) {
  int first = scaled<int>(n);
  std::printf("%d %d\n", first, second(n));
}
