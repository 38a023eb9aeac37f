#include <cstdio>

template <typename F>
__attribute__((noinline)) int call(F f, int n) {
  return f(n);
}

extern "C" void scenario(int n) {
  const int c = call([](int v) __attribute__((noinline)) { static int calls = 0; calls += 1000; return v * 3 + calls; }, n);
  const int a = call([](int v) __attribute__((noinline)) { static int calls = 0; calls += 1; return v + calls; }, n);
  const int b = call([](int v) __attribute__((noinline)) { static int calls = 0; calls += 10; return v * 2 + calls; }, n);
  std::printf("%d %d %d\n", a, b, c);
}
