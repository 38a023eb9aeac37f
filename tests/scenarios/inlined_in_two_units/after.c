#include <stdio.h>
#include "unit.h"

int second(int n);
__attribute__((noinline)) int own(int n) { return limited(n); }
void scenario(int n) { printf("%d %d\n", own(n), second(n)); }
