#include <cstdio>
#include "unit.h"

extern "C" __attribute__((noinline)) void scenario(int n) {
  std::printf("%d\n", n);
}
