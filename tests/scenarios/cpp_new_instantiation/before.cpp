#include <cstdio>
#include <map>
#include <string>

static int known[] = {4, 8, 15};
static std::string* kept = new std::string("kept");

extern "C" __attribute__((noinline)) void scenario(int n) {
  std::printf("%s %d\n", kept->c_str(), known[n % 3]);
}
