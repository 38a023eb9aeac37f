#include "protocol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

static unsigned long requests;
static unsigned long errors;

static size_t say(char *reply, const char *text) {
  return (size_t)snprintf(reply, REPLY_SIZE, "%s\n", text);
}

static size_t fail(char *reply, const char *text) {
  __atomic_add_fetch(&errors, 1, __ATOMIC_RELAXED);
  return (size_t)snprintf(reply, REPLY_SIZE, "ERROR %s\n", text);
}

/* SET key value */
static size_t command_set(char *arguments, char *reply) {
  char *value = strchr(arguments, ' ');
  if (!value || value - arguments >= KEY_SIZE || strlen(value + 1) >= VALUE_SIZE) return fail(reply, "bad SET");
  *value = '\0';
  store_set(arguments, value + 1);
  return say(reply, "OK");
}

/* GET key */
static size_t command_get(const char *key, char *reply) {
  char value[VALUE_SIZE];
  if (store_get(key, value) < 0) return say(reply, "NONE");
  return (size_t)snprintf(reply, REPLY_SIZE, "VALUE %s\n", value);
}

/* ECHO length text: sends `length` bytes of the text back, to see that the line is alive. */
static size_t command_echo(const struct session *session, const char *arguments, char *reply) {
  char *text;
  size_t length = strtoul(arguments, &text, 10);
  if (*text == ' ') text++;
  if (length > sizeof session->line + sizeof session->token - (size_t)(text - session->line))
    return fail(reply, "bad ECHO");
  memcpy(reply, text, length);
  reply[length] = '\n';
  return length + 1;
}

static size_t command_stats(char *reply) {
  return (size_t)snprintf(reply, REPLY_SIZE, "requests %lu errors %lu\n",
                          __atomic_load_n(&requests, __ATOMIC_RELAXED),
                          __atomic_load_n(&errors, __ATOMIC_RELAXED));
}

size_t answer(struct session *session, char reply[REPLY_SIZE]) {
  char *line = session->line;
  __atomic_add_fetch(&requests, 1, __ATOMIC_RELAXED);
  if (strncmp(line, "SET ", 4) == 0) return command_set(line + 4, reply);
  if (strncmp(line, "GET ", 4) == 0) return command_get(line + 4, reply);
  if (strncmp(line, "ECHO ", 5) == 0) return command_echo(session, line + 5, reply);
  if (strcmp(line, "STATS") == 0) return command_stats(reply);
  return fail(reply, "unknown command");
}
