#include <cstdio>

struct Left {
  virtual ~Left() = default;
  virtual int left() { return 1; }
  int pad = 7;
};
struct Right {
  virtual ~Right() = default;
  virtual int right() { return 2; }
  int other = 8;
};
struct Both : Left, Right {
  int left() override;
  int right() override;
  int own = 40;
};

int Both::left() { return own; }
int Both::right() { return own + 1; }

static Both* both = new Both;
static Right* right = both;

extern "C" void scenario(int) { std::printf("%d %d\n", both->right(), right->right()); }
