/* One request line in, one reply line out. */
#ifndef PROTOCOL_H
#define PROTOCOL_H

#include <stddef.h>

enum { LINE_SIZE = 256, REPLY_SIZE = 512 };

/* A client's state. The token belongs to the client alone and must never be sent to it. */
struct session {
  int descriptor;
  size_t filled;
  char line[LINE_SIZE];
  char token[32];
};

/* Answers the NUL-terminated request in session->line; returns the reply's length, newline included. */
size_t answer(struct session *session, char reply[REPLY_SIZE]);

#endif
