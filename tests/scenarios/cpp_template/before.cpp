#include <cstdio>

template <typename T>
__attribute__((noinline)) T twice(T value) {
  return value + value;
}

extern "C" void scenario(int n) {
  std::printf("%d %.1f\n", twice(n), twice(n + 0.5));
}
