#include <cstdio>

struct Meter {
  int value = 1;
  __attribute__((noinline)) int read() { return value * 3 + shared(); }
  __attribute__((noinline)) static int& shared() {
    static int number = 3;
    return number;
  }
};

extern "C" void scenario(int n) {
  Meter meter;
  meter.value += n + Meter::shared();
  std::printf("%d\n", meter.read());
}
