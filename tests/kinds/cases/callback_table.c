/* Function pointers: a table of callbacks that holds the changed function, called by unchanged code. */
/* expect 1: 21 201 */
#include "case.h"

static KEPT long callback_zero(long n) { return n; }
static KEPT long callback_one(long n) { return n + CHOOSE(20, 200); }

long (*callbacks[])(long) = {callback_zero, callback_one};

long callback_table(long n) { return callbacks[n & 1](n); }
