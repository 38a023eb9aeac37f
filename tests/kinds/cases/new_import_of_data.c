/* Reads a variable of libc that no code of the module named before. */
/* expect 0: 0 101 */
/* refuse static static-pie nopie pie/gcc: opterr.*(not in the target|out of reach) */
#include "case.h"

#ifdef NEW
extern int opterr;

long new_import_of_data(long n) { return n + 100 + opterr; }
#else
long new_import_of_data(long n) { return n; }
#endif
