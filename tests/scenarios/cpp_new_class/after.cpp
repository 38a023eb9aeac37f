#include <cstdio>

struct Task {
  virtual ~Task() = default;
  virtual int run(int n) = 0;
};
struct Plain : Task {
  int run(int n) override { return n; }
};
struct Careful : Task {
  int run(int n) override { return n < 0 ? 0 : n + 1; }
};

__attribute__((noinline)) static Task* make() {
  return new Careful;
}

extern "C" void scenario(int n) {
  Task* task = make();
  std::printf("%d %d\n", task->run(n), dynamic_cast<Plain*>(task) != nullptr);
  delete task;
}
