#include <stdlib.h>

char *first_realpath(const char *path, char *resolved);
__asm__(".symver first_realpath, realpath@GLIBC_2.2.5");

int first_way(void);
int first_way(void) {
  char resolved[4096];
  return first_realpath("/", resolved) != NULL;
}
int second_way(void);
int second_way(void) {
  char resolved[4096];
  return realpath("/", resolved) != NULL;
}
