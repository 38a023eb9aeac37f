/* A table of string keys and values, safe for any number of threads. */
#ifndef STORE_H
#define STORE_H

#include <stddef.h>

enum { KEY_SIZE = 32, VALUE_SIZE = 128 };

void store_set(const char *key, const char *value);

/* Copies the value (NUL-terminated) and returns its length, or -1 when there is none. */
int store_get(const char *key, char value[VALUE_SIZE]);

#endif
