/* Shadow data: a field that a patch adds to objects which exist already.
 *
 * Memory found by an object's address and a number of the patch's own choice. It stays when the patch is
 * replaced by another one or taken out, so a later patch with the same number finds it again. Callable from
 * any thread, not from a signal handler. It is not freed with the object: call stent_shadow_free where the
 * object is freed. The functions come with the patch; the target needs nothing. */
#ifndef STENT_SHADOW_H
#define STENT_SHADOW_H

#ifdef __cplusplus
extern "C" {
#endif

/* The memory of `object` under `id`; null when there is none. */
void *stent_shadow_get(const void *object, unsigned long id);

/* The same, made if need be: `size` zero bytes, aligned to 16. Null when there is no memory, or when it exists
 * with fewer bytes. */
void *stent_shadow_alloc(const void *object, unsigned long id, unsigned long size);

/* Frees it; nothing happens when there is none. */
void stent_shadow_free(const void *object, unsigned long id);

#ifdef __cplusplus
}
#endif

#endif
