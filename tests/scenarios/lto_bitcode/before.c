#include <stdio.h>

void scenario(int n) { printf("%d\n", n); }
