/* The live half of every scenario: answers each number on stdin with what the unit says to it. */
#include <stdio.h>
#include <stdlib.h>

void scenario(int n); /* in before.c: prints one line to stdout */

int main(void) {
  char line[64];
  setvbuf(stdout, NULL, _IOLBF, 0);
  puts("ready");
  while (fgets(line, sizeof line, stdin)) scenario(atoi(line));
  return 0;
}
