// Keeps known values in general and vector registers and in the red zone and checks that they stay.
// usage: guards_registers spin|sleep     stdin: any line -> "damage N rounds N"
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_long damage, rounds;

struct values {
  unsigned long pattern[4];  // at 0
  unsigned long after[4];    // at 32
  long time[2];              // at 64
  long spin;                 // at 80
  long bad;                  // at 88
};

// True when ymm14, general registers and the red zone lost their values while it slept or counted.
static int check(long spin) {
  struct values v = {.pattern = {0x1111222233334444, 0x5555666677778888, 0x99aabbccddeeff00, 0x0123456789abcdef},
                     .time = {0, 3000000},
                     .spin = spin};
  __asm__ volatile(
      "subq $256, %%rsp\n\t"  // away from the compiler's own red zone
      "vmovdqu (%0), %%ymm14\n\t"
      "movq $0x5a5a5a5a, -8(%%rsp)\n\t"
      "movq $0x6b6b6b6b, -120(%%rsp)\n\t"
      "movq $0x7c7c7c7c, -128(%%rsp)\n\t"
      "movq $0x1001, %%rbx\n\t"
      "movq $0x1002, %%r8\n\t"
      "movq $0x1003, %%r9\n\t"
      "movq $0x1004, %%r10\n\t"
      "movq $0x1005, %%r15\n\t"
      "cmpq $0, 80(%0)\n\t"
      "je 2f\n\t"
      "movq $3000000, %%rdx\n"
      "1:\n\t"
      "decq %%rdx\n\t"
      "jnz 1b\n\t"
      "jmp 3f\n"
      "2:\n\t"
      "leaq 64(%0), %%rdi\n\t"
      "xorl %%esi, %%esi\n\t"
      "movl $35, %%eax\n\t"  // nanosleep(2), as glibc calls it: a killed stent leaves no EINTR where that is seen
      "syscall\n\t"
      "orq %%rax, 88(%0)\n"
      "3:\n\t"
      "subq $0x1001, %%rbx\n\t"
      "orq %%rbx, 88(%0)\n\t"
      "subq $0x1002, %%r8\n\t"
      "orq %%r8, 88(%0)\n\t"
      "subq $0x1003, %%r9\n\t"
      "orq %%r9, 88(%0)\n\t"
      "subq $0x1004, %%r10\n\t"
      "orq %%r10, 88(%0)\n\t"
      "subq $0x1005, %%r15\n\t"
      "orq %%r15, 88(%0)\n\t"
      "movq -8(%%rsp), %%rax\n\t"
      "subq $0x5a5a5a5a, %%rax\n\t"
      "orq %%rax, 88(%0)\n\t"
      "movq -120(%%rsp), %%rax\n\t"
      "subq $0x6b6b6b6b, %%rax\n\t"
      "orq %%rax, 88(%0)\n\t"
      "movq -128(%%rsp), %%rax\n\t"
      "subq $0x7c7c7c7c, %%rax\n\t"
      "orq %%rax, 88(%0)\n\t"
      "vmovdqu %%ymm14, 32(%0)\n\t"
      "addq $256, %%rsp\n\t"
      :
      : "r"(&v)
      : "rax", "rbx", "rcx", "rdx", "rdi", "rsi", "r8", "r9", "r10", "r11", "r15", "xmm14", "memory", "cc");
  return v.bad != 0 || memcmp(v.pattern, v.after, sizeof v.pattern) != 0;
}

// Functions that stent calls on a borrowed thread.
#define CALLABLE __attribute__((used, noinline))
CALLABLE long combine(long a, long b, long c, long d) { return a + 10 * b + 100 * c + 1000 * d; }

// Leaves garbage in every register a function may, rounds up from now on, and fails.
CALLABLE long ruin(void) {
  unsigned mode = 0x5f80;
  __asm__ volatile("ldmxcsr %0\n\tvpcmpeqd %%ymm0, %%ymm0, %%ymm0\n\tvmovdqa %%ymm0, %%ymm14\n\t"
                   "vmovdqa %%ymm0, %%ymm15\n\tfld1\n\tfld1\n\tmovq $-1, %%r8\n\tmovq $-1, %%r9\n\t"
                   "movq $-1, %%r10\n\tstd"
                   :
                   : "m"(mode)
                   : "r8", "r9", "r10", "xmm0", "xmm14", "xmm15");
  __asm__ volatile("cld");
  errno = 77;
  return 7;
}

static volatile int* volatile nowhere;
CALLABLE long fail(void) { return *nowhere; }

atomic_long released;
CALLABLE long linger(void) {
  while (!atomic_load(&released)) usleep(100);
  return 9;
}

static void* allocate(void* rounds_wanted) {
  for (long i = 0; i < (long)rounds_wanted; ++i) free(malloc(1 + i % 3000));
  return rounds_wanted;
}
CALLABLE long use_allocator(long count) {
  pthread_t other;  // contends for the same locks
  if (pthread_create(&other, NULL, allocate, (void*)count)) return -1;
  allocate((void*)count);
  return pthread_join(other, NULL);
}

static void* work(void* spin) {
  for (;;) {
    atomic_fetch_add(&damage, check((long)spin));
    atomic_fetch_add(&rounds, 1);
  }
  return NULL;
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  errno = 5;
  pthread_t thread;
  if (pthread_create(&thread, NULL, work, (void*)(long)!strcmp(argv[1], "spin"))) return 1;
  puts("ready");
  fflush(stdout);
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    printf("damage %ld rounds %ld errno %d\n", atomic_load(&damage), atomic_load(&rounds), errno);
    fflush(stdout);
  }
  return 0;
}
