#include <cstdio>

struct Log {
  explicit Log(int n) : number(n) { std::printf("[made] "); }
  int number;
};

__attribute__((noinline)) static int total(int n) {
  static Log log(1000);
  log.number += n;
  return log.number;
}

extern "C" void scenario(int n) {
  std::printf("%d\n", total(n));
}
