/* A method, a virtual function called through its table, and a static member. */
/* expect 3: 127 1227 */
#include "case.h"

namespace {
struct Shape {
  explicit Shape(long size) : size_(size) {}
  virtual ~Shape() = default;
  KEPT virtual long area() const { return size_ * size_; }
  KEPT long plain() const { return size_ + CHOOSE(0, 500); }
  KEPT static long count() { return CHOOSE(100, 600); }
  long size_;
};
struct Square : Shape {
  using Shape::Shape;
  KEPT long area() const override { return size_ * size_ * 2 + CHOOSE(0, 100); }
};
Square three(3);
Shape* volatile shape = &three;
}  // namespace

extern "C" long cpp_methods(long n) {
  return shape->area() + shape->plain() + Shape::count() + n * 2 + (shape->size_ - 3);
}
