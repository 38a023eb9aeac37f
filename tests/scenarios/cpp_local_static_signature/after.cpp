#include <cstdio>

struct Log {
  explicit Log(int n) : number(n) { std::printf("[made] "); }
  int number;
};

__attribute__((noinline)) static int total(int n, long factor) {
  static Log log(1000);
  log.number += n * static_cast<int>(factor);
  return log.number;
}

extern "C" void scenario(int n) {
  std::printf("%d\n", total(n, 10L));
}
