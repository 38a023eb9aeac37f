#include "unit.h"

int second(int n);
int second(int n) { return scaled<int>(n + 1) + static_cast<int>(scaled<long>(n)); }
