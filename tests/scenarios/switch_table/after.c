#include <stdio.h>

__attribute__((noinline)) int act(int n, int m) {
  switch (n) {
    case 0: return m + 3;
    case 1: return m * 5;
    case 2: return m - 9;
    case 3: return m / 3;
    case 4: return m ^ 21;
    case 5: return m % 9;
    case 7: printf("seven "); return m << 2;
    case 6: printf("six "); return m;
    default: return -1;
  }
}

void scenario(int n) { printf("%d\n", act(n, 100)); }
