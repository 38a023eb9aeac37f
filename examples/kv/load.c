/* A load that checks every reply: `kv-load port connections`. Runs until SIGTERM or the end of standard input, then
   prints "requests N failures M slowest U us". Exit status 1 when anything was wrong. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int port;
static int stop;
static unsigned long requests, failures, slowest;

static unsigned long microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (unsigned long)now.tv_sec * 1000000 + (unsigned long)now.tv_nsec / 1000;
}

static void wrong(const char *sent, const char *got, const char *wanted) {
  __atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);
  fprintf(stderr, "sent '%s', got '%s', not '%s'\n", sent, got, wanted);
}

static void expect(FILE *stream, const char *request, const char *wanted) {
  char reply[600] = "";
  unsigned long before = microseconds();
  fprintf(stream, "%s\n", request);
  fflush(stream);
  if (!fgets(reply, sizeof reply, stream)) strcpy(reply, "(connection lost)");
  reply[strcspn(reply, "\n")] = '\0';
  unsigned long took = microseconds() - before;
  unsigned long seen = __atomic_load_n(&slowest, __ATOMIC_RELAXED);
  while (took > seen && !__atomic_compare_exchange_n(&slowest, &seen, took, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
  __atomic_add_fetch(&requests, 1, __ATOMIC_RELAXED);
  if (strcmp(reply, wanted) != 0) wrong(request, reply, wanted);
}

static void *client(void *number) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  FILE *stream = descriptor < 0 ? NULL : fdopen(descriptor, "r+");
  if (!stream || connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0) {
    wrong("connect", "no connection", "a connection");
    return NULL;
  }
  setvbuf(stream, NULL, _IOFBF, 4096);
  for (unsigned i = 0; !__atomic_load_n(&stop, __ATOMIC_RELAXED); i++) {
    char wanted[64], request[128];
    snprintf(request, sizeof request, "SET key-%ld-%u value-%u", (long)number, i % 50, i);
    expect(stream, request, "OK");
    snprintf(request, sizeof request, "GET key-%ld-%u", (long)number, i % 50);
    snprintf(wanted, sizeof wanted, "VALUE value-%u", i);
    expect(stream, request, wanted);
    snprintf(wanted, sizeof wanted, "hello-%u", i);
    snprintf(request, sizeof request, "ECHO %zu %s", strlen(wanted), wanted);
    expect(stream, request, wanted);
  }
  fclose(stream);
  return NULL;
}

int main(int argc, char **argv) {
  enum { MOST = 64 };
  pthread_t threads[MOST];
  char byte;
  int count = argc > 2 ? atoi(argv[2]) : 4;
  if (argc < 2 || count < 1 || count > MOST) {
    fputs("usage: kv-load port [connections]\n", stderr);
    return 2;
  }
  port = atoi(argv[1]);
  for (long i = 0; i < count; i++) pthread_create(&threads[i], NULL, client, (void *)i);
  while (read(0, &byte, 1) > 0) {
  }
  __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
  for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
  printf("requests %lu failures %lu slowest %lu us\n", requests, failures, slowest);
  return failures != 0;
}
