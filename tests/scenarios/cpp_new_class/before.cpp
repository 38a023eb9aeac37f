#include <cstdio>

struct Task {
  virtual ~Task() = default;
  virtual int run(int n) = 0;
};
struct Plain : Task {
  int run(int n) override { return n; }
};

__attribute__((noinline)) static Task* make() {
  return new Plain;
}

extern "C" void scenario(int n) {
  Task* task = make();
  std::printf("%d %d\n", task->run(n), dynamic_cast<Plain*>(task) != nullptr);
  delete task;
}
