#include <cstdio>

struct Plain {
  constexpr explicit Plain(int n) : value(n) {}
  int value;
};

__attribute__((noinline)) static int use(int n) {
  static Plain plain(5);
  return plain.value += n;
}

extern "C" void scenario(int n) { std::printf("%d\n", use(n)); }
