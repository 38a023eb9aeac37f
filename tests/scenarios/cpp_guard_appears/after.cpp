#include <cstdio>

struct Plain {
  explicit Plain(int n) : value(n) { std::printf("[made] "); }
  int value;
};

__attribute__((noinline)) static int use(int n) {
  static Plain plain(5);
  return plain.value += n * 2;
}

extern "C" void scenario(int n) { std::printf("%d\n", use(n)); }
