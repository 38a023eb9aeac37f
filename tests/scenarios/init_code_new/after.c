#include <stdio.h>
#include <unistd.h>

int ready = 3;

__attribute__((constructor)) static void prepare(void) { ready += getpid() > 0; }

void scenario(int n) { printf("%d\n", n + ready + 1); }
