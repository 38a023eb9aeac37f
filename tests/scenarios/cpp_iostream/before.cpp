#include <iostream>

__attribute__((noinline)) static void tell(int n) {
  std::cout << "number " << n << std::endl;
}

extern "C" void scenario(int n) { tell(n); }
