#include <stdio.h>

struct account { long limit, fee, balance; };
static struct account account;

__attribute__((noinline)) void deposit(int n) { account.balance += n; }

__attribute__((noinline)) long available(void) { return account.balance; }

void scenario(int n) {
  deposit(n);
  printf("%ld\n", available());
}
