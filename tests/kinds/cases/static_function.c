/* A static function changes; its caller does not. */
/* expect 5: 15 105 */
#include "case.h"

static KEPT long hidden_in_unit(long n) { return n + CHOOSE(10, 100); }

long static_function(long n) { return hidden_in_unit(n); }
