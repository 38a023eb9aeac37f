#include <cstdio>
#include <functional>

static std::function<int(int)> kept;

extern "C" __attribute__((noinline)) void scenario(int n) {
  auto first = [n](int value) { return value + n; };
  if (!kept) kept = [n](int value) { return value * 10 + n; };
  std::printf("%d %d\n", first(1), kept(n));
}
