#include "store.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1024 };

struct entry {
  struct entry *next;
  char key[KEY_SIZE];
  char value[VALUE_SIZE];
};

static struct {
  pthread_mutex_t lock;
  struct entry *first;
} buckets[BUCKETS];

__attribute__((constructor)) static void start(void) {
  for (int i = 0; i < BUCKETS; i++) pthread_mutex_init(&buckets[i].lock, NULL);
}

static unsigned bucket_of(const char *key) {
  unsigned hash = 5381;
  while (*key) hash = hash * 33 + (unsigned char)*key++;
  return hash % BUCKETS;
}

static struct entry *find(unsigned bucket, const char *key) {
  struct entry *entry = buckets[bucket].first;
  while (entry && strcmp(entry->key, key) != 0) entry = entry->next;
  return entry;
}

void store_set(const char *key, const char *value) {
  unsigned bucket = bucket_of(key);
  pthread_mutex_lock(&buckets[bucket].lock);
  struct entry *entry = find(bucket, key);
  if (!entry) {
    entry = calloc(1, sizeof *entry);
    if (!entry) abort();
    strncpy(entry->key, key, KEY_SIZE - 1);
    entry->next = buckets[bucket].first;
    buckets[bucket].first = entry;
  }
  strncpy(entry->value, value, VALUE_SIZE - 1);
  pthread_mutex_unlock(&buckets[bucket].lock);
}

int store_get(const char *key, char value[VALUE_SIZE]) {
  unsigned bucket = bucket_of(key);
  int length = -1;
  pthread_mutex_lock(&buckets[bucket].lock);
  const struct entry *entry = find(bucket, key);
  if (entry) {
    memcpy(value, entry->value, VALUE_SIZE);
    length = (int)strlen(value);
  }
  pthread_mutex_unlock(&buckets[bucket].lock);
  return length;
}
