#include <cstdio>
#include <functional>

using Function = std::function<int(int)>;
static Function first, second;

__attribute__((noinline)) static int step(int n) { return n + 1; }

static void fill() {
  if (first) return;
  first = [](int n) { return step(n) * 2; };
  second = [](int n) { return step(n) * 3; };
}

extern "C" void scenario(int n) {
  fill();
  std::printf("%d %d\n", first(n), second(n));
}
