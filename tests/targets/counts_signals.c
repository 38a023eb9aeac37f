// Counts queued real-time signals by a handler, checks that their numbers rise, and that SIGCHLD-like ignored signals
// break no epoll_wait (of four threads, given an argument; "works": they compute in between, a millisecond apart).
//                                                               stdin: any line -> "count N disorder N eintr N"
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

static atomic_long count, disorder, eintr;
static int last = -1, works;

static void on_signal(int number, siginfo_t* info, void* context) {
  (void)number, (void)context;
  if (info->si_value.sival_int <= last) atomic_fetch_add(&disorder, 1);
  last = info->si_value.sival_int;
  atomic_fetch_add(&count, 1);
}

// Has the handled signal blocked, so nothing but ignored ones could wake it.
static void* wait_for_nothing(void* unused) {
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event;
  for (;;) {
    for (volatile int i = 0; works && i < 20000; ++i) {
    }
    if (epoll_wait(epoll, &event, 1, works ? 1 : -1) < 0 && errno == EINTR) atomic_fetch_add(&eintr, 1);
  }
  return unused;
}

int main(int argc, char** argv) {
  works = argc > 1 && !strcmp(argv[1], "works");
  struct sigaction action = {0};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigaction(SIGRTMIN + 1, &action, NULL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGRTMIN + 1);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  pthread_t thread;
  for (int i = 0; i < (argc > 1 ? 4 : 1); ++i) pthread_create(&thread, NULL, wait_for_nothing, NULL);
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
  puts("ready");
  fflush(stdout);
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    printf("count %ld disorder %ld eintr %ld\n", atomic_load(&count), atomic_load(&disorder), atomic_load(&eintr));
    fflush(stdout);
  }
  return 0;
}
