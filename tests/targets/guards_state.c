// Keeps known values in all vector registers, their upper halves, the rounding modes and the alternate signal stack, and
// checks that they stay. usage: guards_state spin|sleep     stdin: any line -> "damage N rounds N"
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static atomic_long damage, rounds;

struct values {
  unsigned char registers[32][64];
  unsigned control;         // of SSE (MXCSR)
  unsigned short x87, masks[8];
};

#define EACH16(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define UPPER16(X) X(16) X(17) X(18) X(19) X(20) X(21) X(22) X(23) X(24) X(25) X(26) X(27) X(28) X(29) X(30) X(31)
#define EACH8(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)
#define LOAD_Y(n) "vmovdqu " #n "*64(%[in]), %%ymm" #n "\n\t"
#define STORE_Y(n) "vmovdqu %%ymm" #n ", " #n "*64(%[out])\n\t"
#define LOAD_Z(n) "vmovdqu64 " #n "*64(%[in]), %%zmm" #n "\n\t"
#define STORE_Z(n) "vmovdqu64 %%zmm" #n ", " #n "*64(%[out])\n\t"
#define LOAD_K(n) "kmovw 2054+" #n "*2(%[in]), %%k" #n "\n\t"
#define STORE_K(n) "kmovw %%k" #n ", 2054+" #n "*2(%[out])\n\t"
#define MODES_IN "ldmxcsr 2048(%[in])\n\tfldcw 2052(%[in])\n\t"
#define MODES_OUT "stmxcsr 2048(%[out])\n\tfnstcw 2052(%[out])\n\t"
#define SLEEP_OR_SPIN                                                                                           \
  "testq %%rbx, %%rbx\n\tje 2f\n\tmovq $3000000, %%rdx\n1:\n\tdecq %%rdx\n\tjnz 1b\n\tjmp 3f\n2:\n\t"           \
  "movl $35, %%eax\n\tleaq %[time], %%rdi\n\txorl %%esi, %%esi\n\tsyscall\n3:\n\t"
#define CLOBBERS "rax", "rdx", "rcx", "r11", "rdi", "rsi", "memory", "cc"

static const struct values* pattern(void) {
  static struct values in = {.control = 0x7f80, .x87 = 0x0f7f};  // rounds towards zero, flushes; x87 likewise
  for (unsigned i = 0; i < sizeof in.registers; ++i) ((unsigned char*)in.registers)[i] = (unsigned char)(i * 7 + 1);
  for (unsigned i = 0; i < 8; ++i) in.masks[i] = (unsigned short)(0x1234 + i * 0x1111);
  return &in;
}

static void avx(const struct values* in, struct values* out, long spin) {
  const long time[2] = {0, 3000000};
  *out = *in;
  __asm__ volatile(MODES_IN EACH16(LOAD_Y) SLEEP_OR_SPIN EACH16(STORE_Y) MODES_OUT
                   : : [in] "r"(in), [out] "r"(out), [time] "m"(time), "b"(spin) : CLOBBERS);
}

__attribute__((target("avx512f"))) static void avx512(const struct values* in, struct values* out, long spin) {
  const long time[2] = {0, 3000000};
  memset(out, 0, sizeof *out);
  __asm__ volatile(MODES_IN EACH16(LOAD_Z) UPPER16(LOAD_Z) EACH8(LOAD_K) SLEEP_OR_SPIN EACH16(STORE_Z)
                       UPPER16(STORE_Z) EACH8(STORE_K) MODES_OUT
                   : : [in] "r"(in), [out] "r"(out), [time] "m"(time), "b"(spin) : CLOBBERS);
}

static void* work(void* spin) {
  static char stack[65536];
  const stack_t own = {.ss_sp = stack, .ss_size = sizeof stack};
  const struct values* in = pattern();
  const unsigned mode = 0x1f80;
  const unsigned short x87 = 0x037f;
  sigaltstack(&own, NULL);
  for (;;) {
    struct values out;
    stack_t now;
    (__builtin_cpu_supports("avx512f") ? avx512 : avx)(in, &out, (long)spin);
    __asm__ volatile("ldmxcsr %0\n\tfldcw %1" : : "m"(mode), "m"(x87));
    const int modes_stay = (out.control & ~0x3fU) == in->control && out.x87 == in->x87;
    sigaltstack(NULL, &now);
    const int stack_stays = now.ss_sp == own.ss_sp && now.ss_size == own.ss_size && now.ss_flags == own.ss_flags;
    if (!modes_stay || !stack_stays || memcmp(out.registers, in->registers, sizeof out.registers) != 0 ||
        memcmp(out.masks, in->masks, sizeof out.masks) != 0)
      atomic_fetch_add(&damage, 1);
    atomic_fetch_add(&rounds, 1);
  }
  return NULL;
}

int main(int argc, char** argv) {
  if (argc != 2 || !__builtin_cpu_supports("avx")) return 2;
  pthread_t thread;
  if (pthread_create(&thread, NULL, work, (void*)(long)!strcmp(argv[1], "spin"))) return 1;
  puts("ready");
  fflush(stdout);
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    printf("damage %ld rounds %ld\n", atomic_load(&damage), atomic_load(&rounds));
    fflush(stdout);
  }
  return 0;
}
