#include <cstdio>

struct Shape {
  virtual int area() const;
  virtual ~Shape() = default;
};

template <typename T>
__attribute__((noinline)) T scaled(T n) {
  static T calls = 0;
  calls += 1;
  return n * 10 + calls;
}

__attribute__((noinline)) inline int& counter() {
  static int made = std::snprintf(nullptr, 0, "%d", 4242);
  return made;
}

int linked(int n);
int seldom(int n);
