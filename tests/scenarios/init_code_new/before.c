#include <stdio.h>
#include <unistd.h>

int ready = 3;


void scenario(int n) { printf("%d\n", n + ready); }
