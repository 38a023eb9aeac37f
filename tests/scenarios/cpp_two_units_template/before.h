template <typename T>
__attribute__((noinline)) T scaled(T n) {
  static T calls = 0;
  calls += 1;
  return n * 2 + calls;
}
