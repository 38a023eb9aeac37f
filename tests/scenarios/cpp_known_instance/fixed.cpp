#include "unit.h"

int elsewhere(int n);
int elsewhere(int n) { return ticket<int>(n); }
__attribute__((constructor)) static void start() { ticket<int>(7); }
