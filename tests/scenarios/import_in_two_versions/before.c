#include <stdio.h>

int first_way(void), second_way(void);
__attribute__((noinline)) int ways(int n) { return n + first_way() + second_way(); }

void scenario(int n) { printf("%d\n", ways(n)); }
