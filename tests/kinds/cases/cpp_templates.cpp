/* An instance of a template that changes, one that is new, and a lambda. */
/* expect 4: 18 1126 */
#include "case.h"

template <class T>
KEPT T twice(T value) {
  return value + value + static_cast<T>(CHOOSE(0, 100));
}
template <class T>
KEPT T thrice(T value) {
  return value * 3;
}

extern "C" KEPT long apply_to(long (*function)(long), long n) { return function(n); }

extern "C" long cpp_templates(long n) {
  const long added = apply_to([](long value) { return value + CHOOSE(6, 1006); }, n);
#ifdef NEW
  return twice(n) + added + static_cast<long>(thrice(static_cast<double>(n)) - 4);
#else
  return twice(n) + added;
#endif
}
