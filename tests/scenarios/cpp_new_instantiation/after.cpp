#include <cstdio>
#include <map>
#include <string>

static int known[] = {4, 8, 15};
static std::string* kept = new std::string("kept");

extern "C" __attribute__((noinline)) void scenario(int n) {
  std::map<std::string, int> table;
  for (int i = 0; i < 3; ++i) table["key" + std::to_string(i)] = known[i];
  std::printf("%s %d of %zu\n", kept->c_str(), table["key" + std::to_string(n % 3)], table.size());
}
