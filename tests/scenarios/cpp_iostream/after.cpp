#include <iostream>

__attribute__((noinline)) static void tell(int n) {
  std::cout << "the number is " << std::hex << n << std::dec << std::endl;
}

extern "C" void scenario(int n) { tell(n); }
