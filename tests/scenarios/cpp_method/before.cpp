#include <cstdio>

class Account {
 public:
  explicit Account(int start) : balance_(start) {}
  __attribute__((noinline)) void pay(int amount);
  int balance() const { return balance_; }

 private:
  int balance_;
};

void Account::pay(int amount) { balance_ += amount; }

static Account account(100);

extern "C" void scenario(int n) {
  account.pay(n);
  std::printf("%d\n", account.balance());
}
