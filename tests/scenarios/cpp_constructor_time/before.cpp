#include <cstdio>

static int compute(int n) {
  std::printf("[start] ");
  return n * 3;
}

int limit = compute(5);

extern "C" void scenario(int n) { std::printf("%d\n", n > limit ? limit : n); }
