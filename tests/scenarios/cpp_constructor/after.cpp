#include <cstdio>

static int alive = 0;

struct Base {
  __attribute__((noinline)) Base();
  __attribute__((noinline)) virtual ~Base();
  int value;
};
struct Derived : virtual Base {
  __attribute__((noinline)) Derived(int n);
  __attribute__((noinline)) ~Derived() override;
};

Base::Base() : value(2) { alive += 10; }
Base::~Base() { alive -= 10; }
Derived::Derived(int n) { value += n * 100; }
Derived::~Derived() { alive += 1000; }

extern "C" void scenario(int n) {
  Base* made = new Derived(n);
  int value = made->value, then = alive;
  delete made;
  std::printf("%d %d %d\n", value, then, alive);
}
