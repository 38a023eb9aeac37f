// Threads that block in one kind of call for ever, and count every EINTR they see.
// usage: blocked_threads CALL COUNT     stdin: any line -> prints "eintr N errors N", end of input -> exit
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static atomic_long eintr, errors, rounds;
static atomic_int started;
static int pipe_ends[2], sockets[2], semaphore;
static unsigned futex_word;

static void note(long result) {
  if (result >= 0) return;
  if (errno == EINTR)
    atomic_fetch_add(&eintr, 1);
  else
    atomic_fetch_add(&errors, 1);
}

static void block_once(const char* call) {
  if (!strcmp(call, "epoll")) {
    int set = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event;
    note(epoll_wait(set, &event, 1, -1));
    close(set);
  } else if (!strcmp(call, "nanosleep")) {
    struct timespec long_time = {1000, 0};
    note(nanosleep(&long_time, NULL));
  } else if (!strcmp(call, "short_nanosleep")) {
    struct timespec time = {0, 2000000}, before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    note(nanosleep(&time, NULL));
    clock_gettime(CLOCK_MONOTONIC, &after);
    if ((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec < 2000000)
      atomic_fetch_add(&errors, 1);
  } else if (!strcmp(call, "futex")) {
    note(syscall(SYS_futex, &futex_word, FUTEX_WAIT, 0, NULL, NULL, 0));
  } else if (!strcmp(call, "read")) {
    char byte;
    note(read(pipe_ends[0], &byte, 1));
  } else if (!strcmp(call, "recv_timeout")) {
    char byte;
    note(recv(sockets[0], &byte, 1, 0));
  } else if (!strcmp(call, "read_timeout")) {
    char byte;
    note(read(sockets[0], &byte, 1));
  } else if (!strcmp(call, "poll")) {
    struct pollfd one = {pipe_ends[0], POLLIN, 0};
    note(poll(&one, 1, 1000000));
  } else if (!strcmp(call, "semop")) {
    struct sembuf down = {0, -1, 0};
    note(semop(semaphore, &down, 1));
  } else if (!strcmp(call, "sigtimedwait")) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    struct timespec long_time = {1000, 0};
    note(sigtimedwait(&set, NULL, &long_time));
  } else {
    for (volatile long i = 0; i < 1000000; ++i) {
    }
  }
  atomic_fetch_add(&rounds, 1);
}

static void* work(void* call) {
  atomic_fetch_add(&started, 1);
  for (;;) block_once(call);
  return NULL;
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  int count = atoi(argv[2]);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  struct timeval long_time = {1000, 0};
  if (pipe(pipe_ends) || socketpair(AF_UNIX, SOCK_STREAM, 0, sockets)) return 1;
  setsockopt(sockets[0], SOL_SOCKET, SO_RCVTIMEO, &long_time, sizeof long_time);
  semaphore = semget(IPC_PRIVATE, 1, 0600);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 65536);
  for (int i = 0; i < count; ++i) {
    pthread_t thread;
    if (pthread_create(&thread, &attributes, work, argv[1])) return 1;
  }
  while (atomic_load(&started) < count) usleep(100);
  puts("ready");
  fflush(stdout);
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    printf("eintr %ld errors %ld rounds %ld\n", atomic_load(&eintr), atomic_load(&errors), atomic_load(&rounds));
    fflush(stdout);
  }
  semctl(semaphore, 0, IPC_RMID);
  return 0;
}
