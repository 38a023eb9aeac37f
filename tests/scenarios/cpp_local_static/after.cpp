#include <cstdio>

struct Log {
  Log(const char* t, int n) : text(t), number(n) { std::printf("[made %s] ", t); }
  const char* text;
  int number;
};

__attribute__((noinline)) Log& the_log(int n) {
  static Log log("log", n);
  log.number += 100;
  return log;
}

extern "C" void scenario(int n) { std::printf("%d\n", the_log(n).number); }
