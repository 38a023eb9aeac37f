// A thread that never leaves the first bytes of a function: no jump can be written over them.
#include <pthread.h>
#include <stdio.h>

void parked(void);
__asm__(
    ".text\n.globl parked\n.type parked, @function\n.p2align 4\n"
    "parked:\n\tnop\n1:\tjmp 1b\n\tmovl $1, %eax\n\tret\n.size parked, .-parked\n");

static void* park(void* argument) {
  parked();
  return argument;
}

int main(void) {
  pthread_t thread;
  char line[64];
  setvbuf(stdout, NULL, _IOLBF, 0);
  pthread_create(&thread, NULL, park, NULL);
  puts("ready");
  while (fgets(line, sizeof line, stdin)) puts("here");
  return 0;
}
