// As short_pair, but the padding near low() and high() has room for one jump each. usage: tight_pair THREADS
#define PADDED_TO "4"
#include "short_pair.c"
