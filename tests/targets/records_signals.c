// Records the signals it handles, in order. usage: records_signals [ONE_SHOT_TIMERS]
// stdin: "log" -> prints "NUMBER:CODE:VALUE ..." of the signals since the last; "timers" -> how many of the timers, due
// one a millisecond from the start, came once, and how often the interval timer came; "alarm" -> seconds left of alarm(2)
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { most = 1000 };
static struct {
  int number, code, value;
} records[most];
static atomic_int used;
static atomic_int came[most];
static atomic_long intervals;

static void record(int number, siginfo_t* info, void* context) {
  (void)context;
  const int at = atomic_fetch_add(&used, 1);
  if (at < most) records[at] = (typeof(records[0])){number, info->si_code, info->si_value.sival_int};
}

static void on_timer(int number, siginfo_t* info, void* context) {
  (void)number, (void)context;
  atomic_fetch_add(&came[info->si_value.sival_int], 1);
}

static void on_interval(int number) {
  (void)number;
  atomic_fetch_add(&intervals, 1);
}

static void* wait_for_nothing(void* unused) {
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event;
  for (;;) epoll_wait(epoll, &event, 1, -1);
  return unused;
}

static void start_timers(int count) {
  struct itimerval every = {{0, 1000}, {0, 1000}};
  signal(SIGALRM, on_interval);
  setitimer(ITIMER_REAL, &every, NULL);
  for (int i = 0; i < count; ++i) {
    timer_t timer;
    struct sigevent event = {
        .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 5, .sigev_value.sival_int = i};
    struct itimerspec once = {.it_value = {i / 1000, i % 1000 * 1000000 + 1}};
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) || timer_settime(timer, 0, &once, NULL)) abort();
  }
}

int main(int argc, char** argv) {
  const int timers = argc > 1 ? atoi(argv[1]) : 0;
  struct sigaction action = {.sa_flags = SA_SIGINFO | SA_RESTART};
  sigfillset(&action.sa_mask);  // handlers run one after another, in the order of delivery
  action.sa_sigaction = record;
  for (int i = 1; i < 4; ++i) sigaction(SIGRTMIN + i, &action, NULL);
  sigaction(SIGUSR1, &action, NULL);
  sigaction(SIGUSR2, &action, NULL);
  action.sa_sigaction = on_timer;
  sigaction(SIGRTMIN + 5, &action, NULL);
  pthread_t thread;
  sigset_t none;
  pthread_sigmask(SIG_BLOCK, &action.sa_mask, &none);  // the thread is born deaf, so that only this one handles any
  pthread_create(&thread, NULL, wait_for_nothing, NULL);
  pthread_sigmask(SIG_SETMASK, &none, NULL);
  if (timers > 0)
    start_timers(timers);
  else
    alarm(1000);
  setvbuf(stdout, NULL, _IOLBF, 0);
  puts("ready");
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    if (!strcmp(line, "log\n")) {
      sigset_t all;
      sigset_t before;
      sigfillset(&all);  // one that came between printing and forgetting would be lost
      pthread_sigmask(SIG_BLOCK, &all, &before);
      const int count = atomic_load(&used);
      for (int i = 0; i < count; ++i) printf("%d:%d:%d ", records[i].number, records[i].code, records[i].value);
      puts("");
      atomic_store(&used, 0);
      pthread_sigmask(SIG_SETMASK, &before, NULL);
    } else if (!strcmp(line, "timers\n")) {
      int once = 0;
      for (int i = 0; i < timers; ++i) once += atomic_load(&came[i]) == 1;
      printf("once %d intervals %ld\n", once, atomic_load(&intervals));
    } else {
      const unsigned left = alarm(1000);
      printf("left %u\n", left);
    }
  }
  return 0;
}
