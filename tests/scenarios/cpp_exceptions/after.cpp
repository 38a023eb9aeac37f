#include <cstdio>
#include <stdexcept>
#include <string>

struct Guard {
  explicit Guard(int& c) : counter(c) { counter += 1; }
  ~Guard() { counter -= 1; }
  int& counter;
};
static int held = 0;

__attribute__((noinline)) static int risky(int n) {
  if (n < -90) throw std::out_of_range("far below");
  if (n < 0) throw std::out_of_range("below " + std::to_string(n));
  return n;
}

__attribute__((noinline)) static int through(int n) {
  Guard guard(held);
  return risky(n) + 2 * held;
}

extern "C" void scenario(int n) {
  try {
    std::printf("%d\n", through(n));
  } catch (const std::out_of_range& e) {
    std::printf("range %s %d\n", e.what(), held);
  } catch (const std::exception& e) {
    std::printf("plain %s %d\n", e.what(), held);
  }
}
