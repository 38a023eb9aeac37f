// Threads that call three small functions without end, while signals come, threads are born, processes are forked and
// one thread waits in epoll_wait. usage: calls_while_busy CALLERS [quiet: only callers]
// stdin: "answers" -> prints answer() lands() at_page_end(); "counts" -> what happened so far; "calm" -> no caller calls any more
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

// Written by hand, so that several instructions stand where the jump will.
#define BODY "push %rbx\n\tnop\n\tmov $42, %ebx\n\tmov %ebx, %eax\n\tpop %rbx\n\tret\n"
int answer(void);
int lands(void);
int at_page_end(void);
int crosses(void);
int calls_first(void);
int loops_inside(void);
__asm__(
    ".text\n.p2align 12\n.globl answer\n.type answer, @function\n"
    "answer:\n\t" BODY ".size answer, .-answer\n"
    ".p2align 4\n.globl lands\n.type lands, @function\n"
    "lands:\n\tendbr64\n\t" BODY ".size lands, .-lands\n"
    ".p2align 4\n.globl calls_first\n.type calls_first, @function\n"
    "calls_first:\n\tpush %rbx\n\tcall *%rdi\n\tnop\n\tnop\n\tpop %rbx\n\tret\n.size calls_first, .-calls_first\n"
    ".p2align 4\n.globl loops_inside\n.type loops_inside, @function\n"
    "loops_inside:\n\tmov %edi, %eax\n1:\tdec %eax\n\tnop\n\tnop\n\tnop\n\tjnz 1b\n\tret\n.size loops_inside, .-loops_inside\n"
    ".p2align 12\n.skip 4096 - 5\n.globl at_page_end\n.type at_page_end, @function\n"
    "at_page_end:\n\tnop\n\tnop\n\tpush %rbx\n\tnop\n\tpop %rbx\n\tmov $42, %eax\n\tret\n.size at_page_end, .-at_page_end\n"
    ".p2align 12\n.skip 4096 - 3\n.globl crosses\n.type crosses, @function\n"
    "crosses:\n\t" BODY ".size crosses, .-crosses\n");

static atomic_long calls, wrong, sent, came, disorder, eintr, born, forks, failed, unblocked;
static atomic_int calm;
static int (*volatile functions[])(void) = {answer, lands, at_page_end};
static int (*volatile others[])(void) = {crosses, calls_first, loops_inside};

static int call_all(void) {
  int bad = 0;
  for (int i = 0; i < 3; ++i) {
    const int value = functions[i]();
    bad += value != 42 && value != 43;
  }
  return bad;
}

static void* call(void* blocks) {
  sigset_t trap;
  sigset_t now;
  sigemptyset(&trap);
  sigaddset(&trap, SIGTRAP);
  if (blocks) pthread_sigmask(SIG_BLOCK, &trap, NULL);
  for (;;) {
    while (atomic_load(&calm)) usleep(1000);
    for (int i = 0; i < 1000; ++i) atomic_fetch_add(&wrong, call_all());
    atomic_fetch_add(&calls, 1000);
    pthread_sigmask(SIG_SETMASK, NULL, &now);
    if (blocks && !sigismember(&now, SIGTRAP)) atomic_fetch_add(&unblocked, 1);
  }
  return NULL;
}

static void on_any(int number) {
  (void)number;
  atomic_fetch_add(&came, 1);
}

static _Thread_local int last;
static void on_ordered(int number, siginfo_t* info, void* context) {
  (void)number, (void)context;
  if (info->si_value.sival_int != ++last) atomic_fetch_add(&disorder, 1);
  atomic_fetch_add(&came, 1);
}

static void* send(void* to) {
  for (int i = 1;; ++i) {
    const union sigval value = {.sival_int = i};
    if (pthread_sigqueue(*(pthread_t*)to, SIGRTMIN + 1, value) == 0) atomic_fetch_add(&sent, 1);
    if (sigqueue(getpid(), SIGRTMIN, value) == 0) atomic_fetch_add(&sent, 1);
    do usleep(100);
    while (atomic_load(&sent) - atomic_load(&came) > 50);
  }
  return NULL;
}

static void* live_briefly(void* unused) {
  atomic_fetch_add(&wrong, call_all());
  return unused;
}

static void* give_birth(void* unused) {
  for (;;) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, live_briefly, NULL)) _exit(1);
    pthread_join(thread, NULL);
    atomic_fetch_add(&born, 1);
  }
  return unused;
}

__attribute__((noinline)) static pid_t start_another(void) {
  const pid_t child = vfork();
  if (child == 0) {
    execl("/bin/true", "true", (char*)NULL);
    _exit(1);
  }
  return child;
}

static pid_t start_copy(void) {
  const pid_t child = fork();
  if (child == 0) _exit(call_all() + call_all());
  return child;
}

static void* make_processes(void* unused) {
  for (long i = 0;; ++i) {
    const pid_t child = i % 4 == 3 ? start_another() : start_copy();
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (status != 0) atomic_fetch_add(&failed, 1);
    atomic_fetch_add(&forks, 1);
    usleep(300);
  }
  return unused;
}

static void* wait_for_nothing(void* unused) {
  struct epoll_event event;
  const int set = epoll_create1(EPOLL_CLOEXEC);
  // SIGCHLD, ignored, is none to a thread that is traced: one that is woken for it, and finds it taken by another,
  // sees EINTR (docs/safety.md).
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  pthread_sigmask(SIG_BLOCK, &children, NULL);
  for (;;)
    if (epoll_wait(set, &event, 1, -1) < 0 && errno == EINTR) atomic_fetch_add(&eintr, 1);
  return unused;
}

static pthread_t start(void* (*body)(void*), void* argument, int hears) {
  pthread_t thread;
  sigset_t all;
  sigset_t before;
  sigemptyset(&all);
  for (int i = SIGRTMIN; i <= SIGRTMIN + 1; ++i) sigaddset(&all, i);
  pthread_sigmask(hears ? SIG_UNBLOCK : SIG_BLOCK, &all, &before);
  if (pthread_create(&thread, NULL, body, argument)) exit(1);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return thread;
}

int main(int argc, char** argv) {
  char line[64];
  static pthread_t first;
  const int callers = argc > 1 ? atoi(argv[1]) : 1;
  struct sigaction any = {.sa_handler = on_any, .sa_flags = SA_RESTART};
  struct sigaction ordered = {.sa_sigaction = on_ordered, .sa_flags = SA_RESTART | SA_SIGINFO};
  sigaction(SIGRTMIN, &any, NULL);
  sigaction(SIGRTMIN + 1, &ordered, NULL);
  setvbuf(stdout, NULL, _IOLBF, 0);
  atomic_store(&calm, callers == 0);
  first = start(call, NULL, 1);
  for (int i = 1; i < callers; ++i) start(call, i % 2 ? line : NULL, 1);
  if (argc < 3) {
    start(send, &first, 0);
    start(give_birth, NULL, 0);
    start(make_processes, NULL, 0);
    start(wait_for_nothing, NULL, 0);
  }
  puts("ready");
  while (fgets(line, sizeof line, stdin)) {
    if (!strcmp(line, "answers\n"))
      printf("%d %d %d\n", functions[0](), functions[1](), functions[2]());
    else if (!strcmp(line, "others\n"))
      printf("%d\n", others[0]());
    else if (!strcmp(line, "calm\n"))
      printf("calm %d\n", atomic_exchange(&calm, 1));
    else
      printf("calls %ld wrong %ld sent %ld came %ld disorder %ld eintr %ld born %ld forks %ld failed %ld unblocked %ld\n",
             calls, wrong, sent, came, disorder, eintr, born, forks, failed, unblocked);
  }
  return 0;
}
