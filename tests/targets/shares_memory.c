// The leader of two threads gives birth again and again to processes that run in its memory for a moment, and count there.
// Prints "ready", then the address of the counter.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile long counter;
static char stack[65536];

static int count(void* unused) {
  (void)unused;
  for (int i = 0; i < 300000; ++i) ++counter;
  syscall(SYS_exit, 0);
  return 0;
}

static void* wait_for_ever(void* unused) {
  for (;;) pause();
  return unused;
}

int main(void) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, wait_for_ever, NULL)) return 1;
  printf("ready\n%p\n", (void*)&counter);
  fflush(stdout);
  for (;;) {
    usleep((useconds_t)(rand() % 2000));
    const pid_t child = clone(count, stack + sizeof stack, CLONE_VM | SIGCHLD, NULL);
    if (child < 0 || waitpid(child, NULL, 0) != child) return 1;
  }
}
