// A C++20 coroutine that can be left suspended. stdin: "start" -> prints "suspended"; "finish" -> it goes on
// to its end and is destroyed, prints what it returned; "forget" -> it is destroyed while suspended, prints
// "forgotten".
#include <coroutine>
#include <cstdio>
#include <cstring>
#include <exception>

namespace {

struct Task {
  struct promise_type {
    int value = 0;
    Task get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_value(int returned) { value = returned; }
    void unhandled_exception() { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};

}  // namespace

int volatile base = 40;

extern "C" __attribute__((noinline)) void pass() { __asm__ volatile("" ::: "memory"); }

__attribute__((noinline)) static Task count(int more) {
  int value = base;
  pass();
  co_await std::suspend_always{};
  co_return value + more;
}

int main() {
  char line[64];
  setvbuf(stdout, nullptr, _IOLBF, 0);
  std::coroutine_handle<Task::promise_type> running;
  std::puts("ready");
  while (std::fgets(line, sizeof line, stdin) != nullptr) {
    if (std::strcmp(line, "start\n") == 0) {
      running = count(2).handle;
      running.resume();
      std::puts("suspended");
    } else if (std::strcmp(line, "finish\n") == 0) {
      running.resume();
      std::printf("%d\n", running.promise().value);
      running.destroy();
    } else if (std::strcmp(line, "forget\n") == 0) {
      running.destroy();
      std::puts("forgotten");
    }
  }
  return 0;
}
