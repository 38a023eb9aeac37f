#include <cstdio>

struct A {
  int value;
};
struct B {
  int value;
};

__attribute__((noinline)) static void thrower(int n) {
  if (n == 1) throw A{10};
  if (n == 2) throw B{20};
}

__attribute__((noinline)) static int catcher(int n) {
  try {
    thrower(n);
  } catch (A& a) {
    return a.value;
  }
  return 0;
}

extern "C" void scenario(int n) {
  try {
    std::printf("%d\n", catcher(n));
  } catch (...) {
    std::printf("escaped\n");
  }
}
