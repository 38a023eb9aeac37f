#include <cstdio>

template <typename T>
struct Pool {
  static int used;
  static const char* const label;
  __attribute__((noinline)) static int take(int n);
};
template <typename T>
int Pool<T>::used = 5;
template <typename T>
const char* const Pool<T>::label = "pool";

template <typename T>
int Pool<T>::take(int n) {
  return used += n + 1;
}

struct Registry {
  static int entries;
  __attribute__((noinline)) static int enter();
};
int Registry::entries = 70;
int Registry::enter() { return entries += 2; }

extern "C" void scenario(int n) {
  std::printf("%d %d %s\n", Pool<int>::take(n), Registry::enter(), Pool<int>::label);
}
