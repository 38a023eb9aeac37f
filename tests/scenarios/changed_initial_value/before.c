#include <stdio.h>

int limit = 5;

void scenario(int n) { printf("%d\n", n < limit ? n : limit); }
