// One thread makes one blocking call, once. usage: waits_once CALL MILLISECONDS
// Those with a timeout end by it, the others by the event that the line "go" makes.
// Prints "returned RESULT ERRNO in time", or "early" when less than the timeout had passed.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int pipe_ends[2], sockets[2], semaphore, messages, listener, epoll, ring;
static pid_t child;
static long milliseconds;
static struct timespec timeout;
static pthread_t waiter;
static char byte;

static long enter_ring(void) {
  struct io_uring_params parameters = {0};
  ring = (int)syscall(SYS_io_uring_setup, 2, &parameters);
  size_t size = parameters.sq_off.array + parameters.sq_entries * sizeof(unsigned);
  char* queue = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
  struct io_uring_sqe* entry = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ring, (off_t)IORING_OFF_SQES);
  if (queue == MAP_FAILED || entry == MAP_FAILED) abort();
  *entry = (struct io_uring_sqe){.opcode = IORING_OP_READ, .fd = pipe_ends[0], .addr = (unsigned long)&byte, .len = 1};
  ((unsigned*)(queue + parameters.sq_off.array))[0] = 0;
  __atomic_store_n((unsigned*)(queue + parameters.sq_off.tail), 1, __ATOMIC_RELEASE);
  if (syscall(SYS_io_uring_enter, ring, 1, 0, 0, NULL, 0) != 1) abort();
  return syscall(SYS_io_uring_enter, ring, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
}

static long wait_once(const char* call) {
  struct epoll_event event;
  struct pollfd one = {pipe_ends[0], POLLIN, 0};
  struct sembuf down = {0, -1, 0};
  struct timeval time = {milliseconds / 1000, milliseconds % 1000 * 1000};
  static unsigned word;
  sigset_t set;
  fd_set files;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  FD_ZERO(&files);
  FD_SET(pipe_ends[0], &files);
  if (!strcmp(call, "epoll_wait")) return epoll_wait(epoll, &event, 1, (int)milliseconds);
  if (!strcmp(call, "epoll_pwait2")) return syscall(SYS_epoll_pwait2, epoll, &event, 1, &timeout, NULL, 8L);
  if (!strcmp(call, "epoll_event")) return epoll_wait(epoll, &event, 1, -1);
  if (!strcmp(call, "semtimedop")) return semtimedop(semaphore, &down, 1, &timeout);
  if (!strcmp(call, "semop")) return semop(semaphore, &down, 1);
  if (!strcmp(call, "sigtimedwait")) return sigtimedwait(&set, NULL, &timeout);
  if (!strcmp(call, "nanosleep")) return nanosleep(&timeout, NULL);
  if (!strcmp(call, "clock_nanosleep_relative")) {
    errno = clock_nanosleep(CLOCK_MONOTONIC, 0, &timeout, NULL);
    return errno;
  }
  if (!strcmp(call, "clock_nanosleep_absolute")) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_nsec += timeout.tv_nsec;
    at.tv_sec += timeout.tv_sec + at.tv_nsec / 1000000000;
    at.tv_nsec %= 1000000000;
    errno = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
    return errno;
  }
  if (!strcmp(call, "futex")) return syscall(SYS_futex, &word, FUTEX_WAIT, 0, &timeout, NULL, 0);
  if (!strcmp(call, "poll")) return poll(&one, 1, (int)milliseconds);
  if (!strcmp(call, "ppoll")) return ppoll(&one, 1, &timeout, NULL);
  if (!strcmp(call, "select")) return select(pipe_ends[0] + 1, &files, NULL, NULL, &time);
  if (!strcmp(call, "pselect")) return pselect(pipe_ends[0] + 1, &files, NULL, NULL, &timeout, NULL);
  if (!strcmp(call, "recv_timeout")) return recv(sockets[0], &byte, 1, 0);
  if (!strcmp(call, "accept")) return accept(listener, NULL, NULL) >= 0 ? 0 : -1;
  if (!strcmp(call, "read_pipe")) return read(pipe_ends[0], &byte, 1);
  if (!strcmp(call, "read_socket")) return read(sockets[0], &byte, 1);
  if (!strcmp(call, "msgrcv")) return msgrcv(messages, &(struct { long type; char text; }){0}, 1, 0, 0);
  if (!strcmp(call, "io_uring_enter")) return enter_ring();
  if (!strcmp(call, "pause")) return pause();
  if (!strcmp(call, "wait4")) return wait4(child, NULL, 0, NULL) == child ? 0 : -1;
  return -2;
}

static void* wait_in_thread(void* call) {
  struct timespec before, after;
  clock_gettime(CLOCK_MONOTONIC, &before);
  errno = 0;
  const long result = wait_once(call);
  const int error = errno;
  clock_gettime(CLOCK_MONOTONIC, &after);
  const long passed = (after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec;
  printf("returned %ld %s %s\n", result, error ? strerrorname_np(error) : "0",
         passed >= milliseconds * 1000000 ? "in time" : "early");
  fflush(stdout);
  return call;
}

static void handle(int number) { (void)number; }

static void make_event(const char* call) {
  struct sembuf up = {0, 1, 0};
  struct sockaddr_in address;
  socklen_t size = sizeof address;
  if (!strcmp(call, "semop")) semop(semaphore, &up, 1);
  if (!strcmp(call, "accept")) {
    if (getsockname(listener, (struct sockaddr*)&address, &size)) abort();
    connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr*)&address, size);
  }
  if (!strcmp(call, "msgrcv")) msgsnd(messages, &(struct { long type; char text; }){1, 7}, 1, 0);
  if (!strcmp(call, "pause")) pthread_kill(waiter, SIGUSR1);
  if (!strcmp(call, "wait4")) kill(child, SIGKILL);
  if (write(pipe_ends[1], "x", 1) != 1 || write(sockets[1], "x", 1) != 1) abort();
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  milliseconds = atol(argv[2]);
  timeout = (struct timespec){milliseconds / 1000, milliseconds % 1000 * 1000000};
  struct timeval time = {milliseconds / 1000, milliseconds % 1000 * 1000};
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct epoll_event event = {.events = EPOLLIN};
  sigset_t set;
  if (pipe(pipe_ends) || socketpair(AF_UNIX, SOCK_STREAM, 0, sockets)) return 1;
  if (!strcmp(argv[1], "recv_timeout")) setsockopt(sockets[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
  semaphore = semget(IPC_PRIVATE, 1, 0600);
  messages = msgget(IPC_PRIVATE, 0600);
  epoll = epoll_create1(EPOLL_CLOEXEC);
  epoll_ctl(epoll, EPOLL_CTL_ADD, pipe_ends[0], &event);
  listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr*)&address, sizeof address) || listen(listener, 1)) return 1;
  signal(SIGUSR1, handle);
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  if (!strcmp(argv[1], "wait4") && (child = fork()) == 0)
    for (;;) pause();
  if (pthread_create(&waiter, NULL, wait_in_thread, argv[1])) return 1;
  puts("ready");
  fflush(stdout);
  char line[16];
  while (fgets(line, sizeof line, stdin)) make_event(argv[1]);
  semctl(semaphore, 0, IPC_RMID);
  msgctl(messages, IPC_RMID, NULL);
  if (child > 0) kill(child, SIGKILL);
  return 0;
}
