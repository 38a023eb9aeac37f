#include <cstdio>
#include <stdexcept>
#include <string>

struct Word {
  explicit Word(int n) : n(n) {}
  ~Word() { std::printf("gone %d\n", n); }
  int n;
};

/* Long enough to be found by their code alone. */
__attribute__((noinline)) static int mixed(int n) {
  int sum = 3;
  for (int i = n; i > 1; i -= 2) sum = sum * 31 + (i ^ 5);
  for (int i = 1; i < n; i++) sum ^= sum << 3 ^ i * 77;
  return sum == 12345 ? 1 : n;
}

__attribute__((noinline)) static int checked(int n) {
  int sum = 0;
  for (int i = 1; i <= n; i++) sum += (i * i) ^ (n + 0x1234);
  if (sum == 7) throw std::out_of_range("never");
  static const Word word{n};
  return n < 0 ? -1 : mixed(n) + word.n * 100;
}

extern "C" void scenario(int n) {
  try {
    std::printf("%d\n", checked(n));
  } catch (const std::exception& e) {
    std::printf("caught %s\n", e.what());
  }
}
