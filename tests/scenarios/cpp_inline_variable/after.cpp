#include <cstdio>

inline int counter = 10;
inline const int step = 3;

__attribute__((noinline)) int next() {
  counter += step * 2;
  return counter;
}

extern "C" void scenario(int) { std::printf("%d\n", next()); }
