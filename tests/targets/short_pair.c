// As pair, but low() and high() have four bytes each, with another function right behind them: a jump fits only into
// padding near them. usage: short_pair THREADS
#ifndef PADDED_TO
#define PADDED_TO "5"
#endif
#define SHORT_FUNCTION(name)                                                                         \
  __asm__(".text\n.p2align 12\n.globl " #name "\n.type " #name ",@function\n" #name                 \
          ":\n.cfi_startproc\npush $1\n.cfi_adjust_cfa_offset 8\npop %rax\n.cfi_adjust_cfa_offset -8\nret\n" \
          ".cfi_endproc\n.size " #name ",.-" #name "\n.type after_" #name ",@function\nafter_" #name         \
          ":\n.cfi_startproc\nmov %rdi,%rax\nret\n.cfi_endproc\n.size after_" #name ",.-after_" #name        \
          "\n.p2align " PADDED_TO "\n.type aligned_" #name ",@function\naligned_" #name                                 \
          ":\n.cfi_startproc\nmov %rsi,%rax\nret\n.cfi_endproc\n.size aligned_" #name ",.-aligned_" #name "\n")

SHORT_FUNCTION(low);
SHORT_FUNCTION(high);
int low(void);
int high(void);

#define PAIR_IS_GIVEN
#include "pair.c"
