#include <memory>
#include "unit.h"

int Shape::area() const { return 1; }

namespace {
struct Odd {
  int n;
};
struct Square : Shape {
  explicit Square(int side) : side_(side) {}
  int area() const override { return side_ * side_; }
  int side_;
};
__attribute__((noinline)) std::unique_ptr<Shape> square(int side) { return std::make_unique<Square>(side); }
}  // namespace

int linked(int n) { return scaled(n); }

int seldom(int n) {
  static const std::unique_ptr<Shape> kept = square(10);
  try {
    if (n == 3) throw Odd{n};
    return 1000 * (counter() += 1) + square(n)->area() + kept->area() + scaled(n) * 0;
  } catch (const Odd& thrown) {
    return -1000 * thrown.n;
  }
}
