#include <stdio.h>

int limit = 6;

void scenario(int n) { printf("%d\n", n < limit ? n : limit); }
