// A thread that never leaves the first bytes of a function: no jump can be written over them.
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

void parked(volatile char* is_inside);
__asm__(
    ".text\n.globl parked\n.type parked, @function\n.p2align 4\n"
    "parked:\n\tincb (%rdi)\n1:\tjmp 1b\n\tmovl $1, %eax\n\tret\n.size parked, .-parked\n");

static void* park(void* argument) {
  parked(argument);
  return NULL;
}

int main(void) {
  pthread_t thread;
  char line[64];
  volatile char is_inside = 0;
  setvbuf(stdout, NULL, _IOLBF, 0);
  pthread_create(&thread, NULL, park, (void*)&is_inside);
  while (!is_inside) sched_yield();
  puts("ready");
  while (fgets(line, sizeof line, stdin)) puts("here");
  return 0;
}
