#include <cstdio>

struct Shape {
  virtual ~Shape() = default;
  virtual int area() const { return 1; }
  virtual int corners() const { return 2; }
};

struct Square : Shape {
  int area() const override;
  int corners() const override { return 4; }
};

int Square::area() const { return 5; }

static Shape* shape = new Square;

extern "C" void scenario(int) { std::printf("%d %d\n", shape->area(), shape->corners()); }
