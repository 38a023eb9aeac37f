#include "unit.h"

__attribute__((noinline)) int often(int n) {
  return linked(n);
}

extern "C" void scenario(int n) { std::printf("%d\n", often(n)); }
