/* What every case starts with. NEW is defined for the changed source. */
#ifdef __clang__
#define KEPT __attribute__((noinline))
#else
#define KEPT __attribute__((noipa))
#endif
#ifdef NEW
#define CHOOSE(old_value, new_value) (new_value)
#else
#define CHOOSE(old_value, new_value) (old_value)
#endif
