#include <cstdio>
#include <stdexcept>

struct Guard {
  ~Guard() { std::printf("[left] "); }
};

__attribute__((noinline, cold)) static void complain(int n) {
  if (n < -10) throw std::runtime_error("far");
  std::printf("[near] ");
}

__attribute__((noinline)) static int work(int n) {
  Guard guard;
  if (__builtin_expect(n < 0, 0)) {
    complain(n);
    return -1;
  }
  return n;
}

extern "C" void scenario(int n) {
  try {
    std::printf("%d\n", work(n));
  } catch (const std::exception& e) {
    std::printf("%s\n", e.what());
  }
}
