#include <algorithm>
#include <cstdio>

extern "C" __attribute__((noinline)) void scenario(int n) {
  int numbers[] = {5, 3, 9, 1};
  int calls = 0;
  std::sort(numbers, numbers + 4, [&calls](int a, int b) {
    ++calls;
    return a > b;
  });
  auto add = [n, &calls](int value) { return value + n + (calls == 0); };
  std::printf("%d %d %d %d\n", add(numbers[0]), add(numbers[1]), add(numbers[2]), add(numbers[3]));
}
