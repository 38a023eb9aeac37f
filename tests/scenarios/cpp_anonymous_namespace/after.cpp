#include <cstdio>

namespace {

int seen = 0;

class Judge {
 public:
  __attribute__((noinline)) int judge(int n);
};

int Judge::judge(int n) { return n * 10 + ++seen; }

}  // namespace

extern "C" void scenario(int n) {
  Judge judge;
  std::printf("%d\n", judge.judge(n));
}
