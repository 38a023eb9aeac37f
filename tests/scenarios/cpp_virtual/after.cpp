#include <cstdio>

struct Shape {
  virtual ~Shape() = default;
  virtual int area() const = 0;
  virtual const char* name() const { return "shape"; }
};

struct Square : Shape {
  explicit Square(int s) : side(s) {}
  int area() const override;
  const char* name() const override;
  int side;
};

int Square::area() const { return side * side; }
const char* Square::name() const { return "square"; }

static Shape* made_early = new Square(3);

__attribute__((noinline)) static Shape* make(int side) {
  return new Square(side + 1);
}

extern "C" void scenario(int n) {
  Shape* made_late = make(n);
  void* early_table = *reinterpret_cast<void**>(made_early);
  void* late_table = *reinterpret_cast<void**>(made_late);
  std::printf("%d %d %s %s\n", made_early->area(), made_late->area(), made_late->name(),
              early_table == late_table ? "one table" : "two tables");
  delete made_late;
}
