// The functions of stent/shadow.h as they are linked into a patch. Freestanding: no library, no writable data of
// its own; everything hangs on the process's table, which stent provides zeroed.
#include "../../../include/stent/shadow.h"

#define PROT_READ_WRITE 3
#define MAP_PRIVATE_ANONYMOUS 0x22
#define SYS_MMAP 9
#define SYS_MUNMAP 11
#define SYS_GETPID 39
#define SYS_FUTEX 202
#define FUTEX_WAIT_PRIVATE 128
#define FUTEX_WAKE_PRIVATE 129

enum { bucket_count = 1 << 16, smallest_class = 6, class_count = 10, chunk_size = 1 << 18 };

struct entry {
  struct entry *next;
  const void *object;
  unsigned long id;
  unsigned long size;  // the user's
  int size_class;      // class_count: mapped on its own
  char data[] __attribute__((aligned(16)));
};

// At most a page; every change is one store, so that a fork at any moment leaves a usable copy.
struct table {
  unsigned long lock;  // lower half: 0 free, 1 held, 2 held and waited for; upper half: the holder's process
  struct entry **buckets;
  struct entry *free[class_count];
  char *chunk;
  unsigned long chunk_left;
};

extern struct table stent_shadow_table;

static long call(long number, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

static void *map(unsigned long size) {
  long at = call(SYS_MMAP, 0, (long)size, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
  return at < 0 && at > -4096 ? 0 : (void *)at;
}

static unsigned long word(unsigned long pid, unsigned long state) { return pid << 32 | state; }

// In a child of fork, the lock of a thread that only the parent has is taken over.
static void lock(struct table *t) {
  unsigned long pid = (unsigned long)call(SYS_GETPID, 0, 0, 0, 0, 0, 0);
  unsigned long seen = 0, state = 1;
  for (;;) {
    if (seen == 0 || seen >> 32 != pid) {
      if (__atomic_compare_exchange_n(&t->lock, &seen, word(pid, state), 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return;
      continue;
    }
    state = 2;
    if (seen == word(pid, 1) &&
        !__atomic_compare_exchange_n(&t->lock, &seen, word(pid, 2), 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
      continue;
    call(SYS_FUTEX, (long)&t->lock, FUTEX_WAIT_PRIVATE, 2, 0, 0, 0);  // the lower half
    seen = __atomic_load_n(&t->lock, __ATOMIC_RELAXED);
  }
}

static void unlock(struct table *t) {
  if ((unsigned)__atomic_exchange_n(&t->lock, 0, __ATOMIC_RELEASE) == 2)
    call(SYS_FUTEX, (long)&t->lock, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
}

static struct entry **bucket(struct table *t, const void *object, unsigned long id) {
  unsigned long hash = ((unsigned long)object >> 4) * 0x9e3779b97f4a7c15UL + id * 0xc2b2ae3d27d4eb4fUL;
  return &t->buckets[hash >> 48];
}

static struct entry **find(struct table *t, const void *object, unsigned long id) {
  struct entry **link;
  if (!t->buckets) return 0;
  for (link = bucket(t, object, id); *link; link = &(*link)->next)
    if ((*link)->object == object && (*link)->id == id) return link;
  return 0;
}

static struct entry *allocate(struct table *t, unsigned long size) {
  unsigned long bytes = sizeof(struct entry) + size;
  int class = 0;
  struct entry *entry;
  while (class < class_count && (1UL << (class + smallest_class)) < bytes) ++class;
  if (class == class_count) {
    entry = map(bytes);
  } else if ((entry = t->free[class])) {
    t->free[class] = entry->next;
  } else {
    bytes = 1UL << (class + smallest_class);
    if (t->chunk_left < bytes) {
      char *chunk = map(chunk_size);
      if (!chunk) return 0;
      __atomic_store_n(&t->chunk_left, 0, __ATOMIC_RELEASE);  // what is left of the old one is given up
      __atomic_store_n(&t->chunk, chunk, __ATOMIC_RELEASE);
      __atomic_store_n(&t->chunk_left, chunk_size, __ATOMIC_RELEASE);
    }
    __atomic_store_n(&t->chunk_left, t->chunk_left - bytes, __ATOMIC_RELEASE);
    entry = (struct entry *)(t->chunk + t->chunk_left);
  }
  if (entry) entry->size_class = class;
  return entry;
}

void *stent_shadow_get(const void *object, unsigned long id) {
  struct table *t = &stent_shadow_table;
  struct entry **link;
  void *data;
  lock(t);
  link = find(t, object, id);
  data = link ? (*link)->data : 0;
  unlock(t);
  return data;
}

void *stent_shadow_alloc(const void *object, unsigned long id, unsigned long size) {
  struct table *t = &stent_shadow_table;
  struct entry **link, *entry = 0;
  if (size > 1UL << 40) return 0;
  lock(t);
  if (!t->buckets) t->buckets = map(bucket_count * sizeof(struct entry *));
  if ((link = find(t, object, id))) {
    entry = (*link)->size < size ? 0 : *link;
  } else if (t->buckets && (entry = allocate(t, size))) {
    for (unsigned long i = 0; i < size; ++i) *(volatile char *)&entry->data[i] = 0;
    entry->object = object;
    entry->id = id;
    entry->size = size;
    link = bucket(t, object, id);
    entry->next = *link;
    __atomic_store_n(link, entry, __ATOMIC_RELEASE);
  }
  unlock(t);
  return entry ? entry->data : 0;
}

void stent_shadow_free(const void *object, unsigned long id) {
  struct table *t = &stent_shadow_table;
  struct entry **link, *entry;
  lock(t);
  if ((link = find(t, object, id))) {
    entry = *link;
    __atomic_store_n(link, entry->next, __ATOMIC_RELEASE);
    if (entry->size_class == class_count) {
      call(SYS_MUNMAP, (long)entry, (long)(sizeof(struct entry) + entry->size), 0, 0, 0, 0);
    } else {
      entry->next = t->free[entry->size_class];
      t->free[entry->size_class] = entry;
    }
  }
  unlock(t);
}
