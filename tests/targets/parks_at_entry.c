// A thread whose signal handler interrupted it inside the first bytes of a function: no jump can be written over them.
// stdin: "leave" -> the handler returns, and then the function: prints what it returned; any other line -> "here"
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

int parked(void);
__asm__(
    ".text\n.globl parked\n.type parked, @function\n.p2align 4\n"
    "parked:\n\tnop\n\thlt\n\tmovl $42, %eax\n\tret\n.size parked, .-parked\n");

static int gate[2], inside[2];

/// hlt is not for programs: the kernel sends SIGSEGV where it stands.
static void on_fault(int number, siginfo_t* info, void* context) {
  ucontext_t* interrupted = context;
  char byte = (char)number;
  (void)info;
  if (write(inside[1], &byte, 1) != 1 || read(gate[0], &byte, 1) != 1) _exit(1);
  ++interrupted->uc_mcontext.gregs[REG_RIP];
}

static void* park(void* value) {
  *(int*)value = parked();
  return NULL;
}

int main(void) {
  pthread_t thread;
  char line[64], byte = 1;
  int value = 0;
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (pipe(gate) || pipe(inside)) return 1;
  sigaction(SIGSEGV, &action, NULL);
  pthread_create(&thread, NULL, park, &value);
  if (read(inside[0], &byte, 1) != 1) return 1;
  puts("ready");
  while (fgets(line, sizeof line, stdin)) {
    if (strcmp(line, "leave\n")) {
      puts("here");
      continue;
    }
    if (write(gate[1], &byte, 1) != 1) return 1;
    pthread_join(thread, NULL);
    printf("%d\n", value);
  }
  return 0;
}
