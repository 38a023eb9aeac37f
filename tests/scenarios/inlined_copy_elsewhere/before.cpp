#include <cstdio>
#include "unit.h"

int second(int n);
int (*volatile taken)(int) = limited;
extern "C" void scenario(int n) { std::printf("%d %d\n", taken(n), second(n)); }
