#include <stdio.h>
#include "unit.h"

int second(int n);
void scenario(int n) { printf("%d %d\n", limited(n), second(n)); }
