#include <stdio.h>

__attribute__((noinline)) double area(double r) { return 3.14159 * r * r + 0.125; }

void scenario(int n) { printf("%.4f\n", area(n)); }
