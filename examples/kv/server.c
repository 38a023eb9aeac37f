/* A small key-value server: one thread a connection, text protocol over TCP on the loopback address.
 *
 *   SET key length\nBYTES\n   -> OK\n
 *   GET key\n                 -> length\nBYTES\n  or  NONE\n
 *   RANGE key offset length\n -> length\nBYTES\n  or  NONE\n     (part of a value)
 *   PING\n                    -> PONG\n
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { KEY_SIZE = 32, VALUE_SIZE = 128, RECORDS = 4096, LINE_SIZE = 256 };

/* The owner's token stands beside the value; no command ever sends it. */
struct record {
  char key[KEY_SIZE];
  size_t length;
  char value[VALUE_SIZE];
  char owner_token[64];
};

static struct record records[RECORDS];
static size_t used;
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;

static struct record *find(const char *key) {
  for (size_t i = 0; i < used; ++i)
    if (strcmp(records[i].key, key) == 0) return &records[i];
  return NULL;
}

static int store(const char *key, const char *value, size_t length) {
  int stored = 0;
  pthread_rwlock_wrlock(&lock);
  struct record *record = find(key);
  if (record == NULL && used < RECORDS) {
    record = &records[used++];
    snprintf(record->key, sizeof record->key, "%s", key);
    snprintf(record->owner_token, sizeof record->owner_token, "SECRET-TOKEN-OF-%s", key);
  }
  if (record != NULL) {
    memcpy(record->value, value, length);
    record->length = length;
    stored = 1;
  }
  pthread_rwlock_unlock(&lock);
  return stored;
}

/* Copies the asked part of a value to `out`; returns its length, or -1 when there is none. */
static long read_range(const char *key, size_t offset, size_t length, char *out, size_t room) {
  long result = -1;
  pthread_rwlock_rdlock(&lock);
  const struct record *record = find(key);
  if (record != NULL && offset <= record->length && length <= room) {
    memcpy(out, (const char *)record + offsetof(struct record, value) + offset, length);
    result = (long)length;
  }
  pthread_rwlock_unlock(&lock);
  return result;
}

static long read_whole(const char *key, char *out, size_t room) {
  long result = -1;
  pthread_rwlock_rdlock(&lock);
  const struct record *record = find(key);
  if (record != NULL && record->length <= room) {
    memcpy(out, record->value, record->length);
    result = (long)record->length;
  }
  pthread_rwlock_unlock(&lock);
  return result;
}

static void answer(FILE *stream, const char *bytes, long length) {
  if (length < 0) {
    fputs("NONE\n", stream);
    return;
  }
  fprintf(stream, "%ld\n", length);
  fwrite(bytes, 1, (size_t)length, stream);
  fputc('\n', stream);
}

static void handle_range(FILE *stream, const char *line) {
  char key[KEY_SIZE], out[1024];
  size_t offset, length;
  if (sscanf(line, "RANGE %31s %zu %zu", key, &offset, &length) != 3) {
    fputs("ERROR\n", stream);
    return;
  }
  answer(stream, out, read_range(key, offset, length, out, sizeof out));
}

static int handle_set(FILE *stream, const char *line) {
  char key[KEY_SIZE], value[VALUE_SIZE];
  size_t length;
  if (sscanf(line, "SET %31s %zu", key, &length) != 2 || length > sizeof value) {
    fputs("ERROR\n", stream);
    return 0;
  }
  if (fread(value, 1, length, stream) != length || fgetc(stream) != '\n') return -1;
  fputs(store(key, value, length) ? "OK\n" : "FULL\n", stream);
  return 0;
}

static int handle(FILE *stream, const char *line) {
  char key[KEY_SIZE], out[VALUE_SIZE];
  if (strncmp(line, "PING", 4) == 0)
    fputs("PONG\n", stream);
  else if (sscanf(line, "GET %31s", key) == 1)
    answer(stream, out, read_whole(key, out, sizeof out));
  else if (strncmp(line, "RANGE ", 6) == 0)
    handle_range(stream, line);
  else if (strncmp(line, "SET ", 4) == 0)
    return handle_set(stream, line);
  else
    fputs("ERROR\n", stream);
  return 0;
}

static void *serve(void *argument) {
  FILE *stream = fdopen((int)(long)argument, "r+");
  char line[LINE_SIZE];
  while (fgets(line, sizeof line, stream) != NULL) {
    if (handle(stream, line) != 0) break;
    if (fflush(stream) != 0) break;
  }
  fclose(stream);
  return NULL;
}

/* Prints the port it got on standard output, then serves until it is killed. */
int main(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 64) != 0 ||
      getsockname(listener, (struct sockaddr *)&address, &size) != 0) {
    perror("kv-server");
    return 1;
  }
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  for (;;) {
    int connection = accept(listener, NULL, NULL);
    if (connection < 0) {
      perror("accept");
      return 1;
    }
    pthread_t thread;
    if (pthread_create(&thread, NULL, serve, (void *)(long)connection) != 0) {
      close(connection);
      continue;
    }
    pthread_detach(thread);
  }
}
