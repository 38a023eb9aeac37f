/* A key-value server: `kv-server [port] [workers]`. Prints the port it listens on; serves until it is killed. */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol.h"

static int listener;
static int ready; /* the epoll instance that all workers wait on */

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void watch(int operation, struct session *session) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data.ptr = session};
  if (epoll_ctl(ready, operation, session->descriptor, &event) != 0) die("epoll_ctl");
}

static struct session *session_new(int descriptor) {
  static unsigned long serial;
  struct session *session = calloc(1, sizeof *session);
  if (!session) die("calloc");
  session->descriptor = descriptor;
  snprintf(session->token, sizeof session->token, "secret-%08lu", __atomic_add_fetch(&serial, 1, __ATOMIC_RELAXED));
  return session;
}

static void session_end(struct session *session) {
  close(session->descriptor);
  free(session);
}

static int send_all(int descriptor, const char *data, size_t size) {
  while (size > 0) {
    ssize_t sent = send(descriptor, data, size, MSG_NOSIGNAL);
    if (sent <= 0) return -1;
    data += sent;
    size -= (size_t)sent;
  }
  return 0;
}

/* Answers every whole line that has arrived; returns -1 when the client must go. */
static int serve_lines(struct session *session) {
  char *end;
  while ((end = memchr(session->line, '\n', session->filled))) {
    char reply[REPLY_SIZE];
    size_t used = (size_t)(end - session->line) + 1;
    *end = '\0';
    size_t size = answer(session, reply);
    if (send_all(session->descriptor, reply, size) != 0) return -1;
    session->filled -= used;
    memmove(session->line, session->line + used, session->filled);
  }
  return session->filled == LINE_SIZE ? -1 : 0;
}

static int serve(struct session *session) {
  ssize_t got = recv(session->descriptor, session->line + session->filled, LINE_SIZE - session->filled, 0);
  if (got <= 0) return -1;
  session->filled += (size_t)got;
  return serve_lines(session);
}

static void *work(void *unused) {
  (void)unused;
  for (;;) {
    struct epoll_event event;
    int count = epoll_wait(ready, &event, 1, -1);
    if (count < 0) die("epoll_wait"); /* EINTR included: nothing here sends signals */
    struct session *session = event.data.ptr;
    if (serve(session) != 0)
      session_end(session);
    else
      watch(EPOLL_CTL_MOD, session);
  }
  return NULL;
}

static void start_listening(const char *port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port))};
  socklen_t size = sizeof address;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  listener = socket(AF_INET, SOCK_STREAM, 0);
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 64) != 0) die(port);
  if (getsockname(listener, (struct sockaddr *)&address, &size) != 0) die("getsockname");
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
}

int main(int argc, char **argv) {
  int workers = argc > 2 ? atoi(argv[2]) : 8;
  ready = epoll_create1(EPOLL_CLOEXEC);
  if (ready < 0) die("epoll_create1");
  for (int i = 0; i < workers; i++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, NULL) != 0) die("pthread_create");
  }
  start_listening(argc > 1 ? argv[1] : "0");
  for (;;) {
    int descriptor = accept(listener, NULL, NULL);
    if (descriptor < 0) die("accept");
    watch(EPOLL_CTL_ADD, session_new(descriptor));
  }
}
