/* A loop back into the bytes that the redirect takes. */
/* expect 3: 6 106 */
#include "case.h"

/* One instruction of three bytes, then the loop: add %rdi,%rax; dec %rdi; jnz -8. */
__attribute__((naked)) KEPT long loops(long n) {
#ifdef NEW
  __asm__("mov $100,%eax\n1: add %rdi,%rax\n dec %rdi\n jnz 1b\n ret");
#else
  __asm__("xor %eax,%eax\n1: add %rdi,%rax\n dec %rdi\n jnz 1b\n ret");
#endif
}

long loop_into_entry(long n) { return loops(n); }
