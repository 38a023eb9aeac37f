/* Preloaded: blocks of 777 bytes are marked, so that a caller can tell whose malloc it reached. */
#include <stddef.h>

void *__libc_malloc(size_t size);

static void *marked(size_t size) {
  long *block = __libc_malloc(size);
  if (size == 777 && block != NULL) block[0] = 0x6d61726b;
  return block;
}

void *malloc(size_t size) { return marked(size); }
void *reallocarray(void *old, size_t count, size_t size) {
  (void)old;
  return marked(count * size);
}
