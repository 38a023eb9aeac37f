// Puts itself under the condition named by its argument, then answers. usage: under_conditions CONDITION
// stdin: "answer" -> prints answer()
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

__attribute__((noinline, used, aligned(16))) int answer(void) {
  int value = 42;
  __asm__ volatile("" : "+r"(value));
  return value;
}

static void need(int good, const char* what) {
  if (good) return;
  perror(what);
  exit(1);
}

// `forbidden` with the bits `flags` all set in argument `argument` ends in `action`; everything else is allowed.
static void filter(unsigned forbidden, unsigned argument, unsigned flags, unsigned action) {
  struct sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, 6),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, forbidden, 0, 4),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + argument * 8),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, flags),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, flags, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, action),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog whole = {sizeof program / sizeof *program, program};
  need(prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) == 0, "no_new_privs");
  need(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole) == 0, "seccomp");
}

// As systemd's MemoryDenyWriteExecute=yes.
static void deny_write_execute(void) {
  filter(SYS_mmap, 2, PROT_WRITE | PROT_EXEC, SECCOMP_RET_ERRNO | 1);
  filter(SYS_mprotect, 2, PROT_EXEC, SECCOMP_RET_ERRNO | 1);
  filter(SYS_pkey_mprotect, 2, PROT_EXEC, SECCOMP_RET_ERRNO | 1);
}

// A request that a kernel worker thread of this process carries out, for ever: a read from a pipe.
static void use_io_uring(void) {
  static struct iovec into;
  static char byte;
  int ends[2];
  struct io_uring_params parameters = {0};
  int ring = (int)syscall(SYS_io_uring_setup, 8, &parameters);
  need(ring >= 0 && pipe(ends) == 0, "io_uring_setup");
  size_t size = parameters.sq_off.array + parameters.sq_entries * sizeof(unsigned);
  char* queue = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQ_RING);
  struct io_uring_sqe* entry = mmap(NULL, parameters.sq_entries * sizeof *entry, PROT_READ | PROT_WRITE,
                                    MAP_SHARED | MAP_POPULATE, ring, (off_t)IORING_OFF_SQES);
  need(queue != MAP_FAILED && entry != MAP_FAILED, "mmap");
  into = (struct iovec){&byte, 1};
  memset(entry, 0, sizeof *entry);
  entry->opcode = IORING_OP_READV;
  entry->flags = IOSQE_ASYNC;
  entry->fd = ends[0];
  entry->addr = (unsigned long)&into;
  entry->len = 1;
  ((unsigned*)(queue + parameters.sq_off.array))[0] = 0;
  __atomic_store_n((unsigned*)(queue + parameters.sq_off.tail), 1, __ATOMIC_RELEASE);
  need(syscall(SYS_io_uring_enter, ring, 1, 0, 0, NULL, 0) == 1, "io_uring_enter");
}

static int share(void* unused) {
  prctl(PR_SET_PDEATHSIG, (long)SIGKILL);
  for (;;) syscall(SYS_pause);
  return unused != NULL;
}

static void* wait_for_ever(void* unused) {
  for (;;) pause();
  return unused;
}

static void come_under(const char* condition) {
  static volatile char allow = 0;
  static char stack[65536] __attribute__((aligned(16)));
  pthread_t thread;
  if (!strcmp(condition, "nothing")) return;
  if (!strcmp(condition, "threads")) {
    for (int i = 0; i < 8; ++i) need(pthread_create(&thread, NULL, wait_for_ever, NULL) == 0, "thread");
  } else if (!strcmp(condition, "many_mappings")) {
    for (int i = 0; i < 10000; ++i)  // neighbours differ, so that they are not joined
      need(mmap(NULL, 4096, i % 2 ? PROT_READ : PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
               MAP_FAILED, "mmap");
  } else if (!strcmp(condition, "io_uring")) {
    use_io_uring();
  } else if (!strcmp(condition, "mdwe")) {
    need(prctl(65 /* PR_SET_MDWE */, 1L, 0L, 0L, 0L) == 0, "mdwe");
  } else if (!strcmp(condition, "deny_write_execute")) {
    deny_write_execute();
  } else if (!strcmp(condition, "no_memfd")) {
    filter(SYS_memfd_create, 0, 0, SECCOMP_RET_KILL_PROCESS);
  } else if (!strcmp(condition, "no_close")) {
    filter(SYS_close, 0, 0, SECCOMP_RET_KILL_PROCESS);
  } else if (!strcmp(condition, "no_new_code")) {
    filter(SYS_mmap, 2, PROT_EXEC, SECCOMP_RET_KILL_PROCESS);
  } else if (!strcmp(condition, "no_unmapping")) {
    filter(SYS_munmap, 0, 0, SECCOMP_RET_KILL_PROCESS);
  } else if (!strcmp(condition, "no_sigreturn")) {
    filter(SYS_rt_sigreturn, 0, 0, SECCOMP_RET_KILL_PROCESS);
  } else if (!strcmp(condition, "dispatched_calls")) {
    need(prctl(59 /* PR_SET_SYSCALL_USER_DISPATCH */, 1L, 0L, 0L, &allow) == 0, "dispatch");
  } else if (!strcmp(condition, "shared_memory")) {
    need(clone(share, stack + sizeof stack, CLONE_VM | SIGCHLD, NULL) > 0, "clone");
  } else if (!strcmp(condition, "chroot")) {
    need(chroot("/proc/self/fdinfo") == 0 && chdir("/") == 0, "chroot");  // a folder without programs or libraries
  } else {
    need(0, condition);
  }
}

static void* answer_lines(void* unused) {
  char line[64];
  puts("ready");
  while (fgets(line, sizeof line, stdin)) printf("%d\n", strcmp(line, "answer\n") ? -1 : answer());
  exit(unused != NULL);
}

int main(int argc, char** argv) {
  const char* condition = argc > 1 ? argv[1] : "nothing";
  pthread_t thread;
  setvbuf(stdout, NULL, _IOLBF, 0);
  setbuf(stdin, NULL);
  if (strcmp(condition, "leader_ended")) {
    come_under(condition);
    answer_lines(NULL);
  }
  need(pthread_create(&thread, NULL, answer_lines, NULL) == 0, "thread");
  pthread_exit(NULL);
}
