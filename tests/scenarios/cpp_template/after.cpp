#include <cstdio>

template <typename T>
__attribute__((noinline)) T twice(T value) {
  return value * 2 + 1;
}

extern "C" void scenario(int n) {
  std::printf("%d %.1f %ld\n", twice(n), twice(n + 0.5), twice(1000L * n));
}
