template <typename T>
__attribute__((noinline)) T ticket(T n) {
  static T next = 100;
  next += n;
  return next;
}
