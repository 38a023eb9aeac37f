// A program that stands in hold() in many ways. stdin: "enter WAY" -> something goes into hold() and stays there,
// prints "inside"; "leave" -> it comes out again, prints "7"; "call" -> prints plain().
// WAY: plain, tail, callback, no_cfi, jit, under_signal, under_signal_on_alternate_stack, from_handler, deep,
// longjmp, at_end (of ends_in_call), stale_no_cfi (nothing inside, a word into plain()), and the ways in which no thread is inside: context, fiber, both on static
// memory, "... on malloc", "... on mmap", "... below a thread" (in one mapping with the stack of a thread that sleeps).
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#define KEPT __attribute__((noinline, used, aligned(16)))
enum { large_stack = 256 * 1024, page_size = 4096, depth = 100000 };

static int gate[2], inside[2], outside[2];
static void (*wait_inside)(void);

static void say(int to) {
  char byte = 7;
  if (write(to, &byte, 1) != 1) abort();
}
static void hear(int from) {
  char byte;
  if (read(from, &byte, 1) != 1) abort();
}
__attribute__((used)) static void wait_at_gate(void) {
  say(inside[1]);
  hear(gate[0]);
}

KEPT int plain(void) {
  int value = 42;
  __asm__ volatile("" : "+r"(value));
  return value;
}

KEPT int hold(void) {
  int value = 7;
  wait_inside();
  __asm__ volatile("" : "+r"(value)::"memory");
  return value;
}

int volatile zero;
KEPT int hold_by_tail_call(void) {
  if (zero) return 1;
  return hold();
}

// ---- callers that say nothing of their frames, or the wrong thing

__asm__(
    ".text\n.type hold_without_cfi, @function\n"
    "hold_without_cfi: push %rbx\n push %r12\n sub $24, %rsp\n call hold\n add $24, %rsp\n pop %r12\n pop %rbx\n ret\n"
    ".size hold_without_cfi, . - hold_without_cfi\n"
    ".type stale_without_cfi, @function\n"
    "stale_without_cfi: lea 4+plain(%rip), %rax\n push %rax\n call wait_at_gate\n pop %rax\n mov $7, %eax\n ret\n"
    ".size stale_without_cfi, . - stale_without_cfi\n"
    ".globl ends_in_call\n.type ends_in_call, @function\n.p2align 4\n"
    "ends_in_call: .cfi_startproc\n sub $8, %rsp\n .cfi_adjust_cfa_offset 8\n call stay_for_ever\n .cfi_endproc\n"
    ".size ends_in_call, . - ends_in_call\n"
    "after_the_end: nop\n .p2align 4\n"
    ".data\n.p2align 3\npointer_to_the_end: .quad after_the_end\n.text\n");
int hold_without_cfi(void);
int stale_without_cfi(void);
void ends_in_call(void);

static jmp_buf out_of_ends_in_call;
__attribute__((used)) static void stay_for_ever(void) {
  wait_at_gate();
  longjmp(out_of_ends_in_call, 1);
}

static int hold_from_jit(void) {
  static const unsigned char code[] = {0x48, 0x83, 0xec, 8, 0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0,
                                       0xff, 0xd0, 0x48, 0x83, 0xc4, 8, 0xc3};
  unsigned char* at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  int (*to)(void) = hold;
  int (*compiled)(void);
  memcpy(at, code, sizeof code);
  memcpy(at + 6, &to, sizeof to);
  mprotect(at, 4096, PROT_READ | PROT_EXEC);
  memcpy(&compiled, &at, sizeof at);
  int value = compiled();
  munmap(at, 4096);
  return value;
}

// ---- signals

static void waiting_handler(int number) {
  (void)number;
  wait_at_gate();
}
static void raise_usr1(void) { raise(SIGUSR1); }
static int handled_value;
static void holding_handler(int number) {
  (void)number;
  handled_value = hold();
}
static void on_signal(void (*handler)(int), int flags) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
  sigaction(SIGUSR1, &action, NULL);
}

// ---- many frames, and frames left by longjmp

KEPT int recurse(int left) {
  if (left == 0) {
    wait_at_gate();
    return 1;
  }
  int value = recurse(left - 1);
  __asm__ volatile("" : "+r"(value));
  return value;
}
static void wait_deep(void) { recurse(depth); }

static jmp_buf back_into_hold;
static void jump_back(void) {
  wait_at_gate();
  longjmp(back_into_hold, 1);
}
static void wait_then_jump(void) {
  if (setjmp(back_into_hold) == 0) jump_back();
}

static void* enter(void* way) {
  int value = 0;
  char alternate[65536];
  stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
  pthread_setname_np(pthread_self(), "holder");
  sigaltstack(&stack, NULL);
  wait_inside = wait_at_gate;
  if (!strcmp(way, "plain")) value = hold();
  if (!strcmp(way, "tail")) value = hold_by_tail_call();
  if (!strcmp(way, "no_cfi")) value = hold_without_cfi();
  if (!strcmp(way, "stale_no_cfi")) value = stale_without_cfi();
  if (!strcmp(way, "jit")) value = hold_from_jit();
  if (!strncmp(way, "under_signal", 12)) {
    on_signal(waiting_handler, strlen(way) > 12 ? SA_ONSTACK : 0);
    wait_inside = raise_usr1;
    value = hold();
  }
  if (!strncmp(way, "from_handler", 12)) {
    on_signal(holding_handler, strlen(way) > 12 ? SA_ONSTACK : 0);
    raise(SIGUSR1);
    value = handled_value;
  }
  if (!strcmp(way, "deep")) {
    wait_inside = wait_deep;
    value = hold();
  }
  if (!strcmp(way, "longjmp")) {
    wait_inside = wait_then_jump;
    value = hold();
  }
  if (!strcmp(way, "at_end")) {
    if (setjmp(out_of_ends_in_call) == 0) ends_in_call();
    value = 7;
  }
  stack.ss_flags = SS_DISABLE;
  sigaltstack(&stack, NULL);
  if (write(outside[1], &value, sizeof value) != sizeof value) abort();
  return NULL;
}

// ---- stacks that belong to no thread

__asm__(
    ".text\n.type switch_stack, @function\n"
    "switch_stack: push %rbp\n push %rbx\n push %r12\n push %r13\n push %r14\n push %r15\n mov %rsp, (%rdi)\n"
    " mov %rsi, %rsp\n pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbx\n pop %rbp\n ret\n"
    ".size switch_stack, . - switch_stack\n");
void switch_stack(void** save, void* to);

static size_t stack_size;
static char static_stack[large_stack] __attribute__((aligned(16)));
static char* stack;
static const char* stack_kind;
static ucontext_t main_context, other_context;
static void *main_sp, *other_sp;
static int is_context, other_value;

static void switch_away(void) {
  if (is_context)
    swapcontext(&other_context, &main_context);
  else
    switch_stack(&other_sp, main_sp);
}
static void other_body(void) {
  wait_inside = switch_away;
  other_value = hold();
  if (is_context) return;
  switch_stack(&other_sp, main_sp);
}

static void go_on(void) {
  if (is_context)
    swapcontext(&main_context, &other_context);
  else
    switch_stack(&main_sp, other_sp);
}

static int neighbour_gate[2];
static pthread_t neighbour;
static void* sleep_at_gate(void* unused) {
  hear(neighbour_gate[0]);
  return unused;
}

// Below the stack of a thread, in one mapping.
static char* stack_below_a_thread(void) {
  char* both = mmap(NULL, 2 * stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  pthread_attr_t given;
  pthread_attr_init(&given);
  pthread_attr_setstack(&given, both + stack_size, stack_size);
  if (pipe(neighbour_gate) || pthread_create(&neighbour, &given, sleep_at_gate, NULL)) abort();
  return both;
}
static char* stack_on_a_page(void) {
  char* four = mmap(NULL, 4 * page_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  const int here = MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS;
  mmap(four + 2 * page_size, page_size, PROT_READ, here, -1, 0);
  return mmap(four + page_size, page_size, PROT_READ | PROT_WRITE, here, -1, 0);
}
static void free_stack_below_a_thread(void) {
  say(neighbour_gate[1]);
  pthread_join(neighbour, NULL);
  munmap(stack, 2 * stack_size);
}

static void start_other(const char* way) {
  is_context = !strncmp(way, "context", 7);
  stack_kind = strrchr(way, ' ');
  stack = static_stack;
  stack_size = stack_kind && !strcmp(stack_kind, " page") ? page_size : large_stack;
  if (stack_kind && !strcmp(stack_kind, " malloc")) stack = malloc(stack_size);
  if (stack_kind && !strcmp(stack_kind, " mmap"))
    stack = mmap(NULL, stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (stack_kind && !strcmp(stack_kind, " thread")) stack = stack_below_a_thread();
  if (stack_kind && !strcmp(stack_kind, " page")) stack = stack_on_a_page();
  if (is_context) {
    getcontext(&other_context);
    other_context.uc_stack.ss_sp = stack;
    other_context.uc_stack.ss_size = stack_size;
    other_context.uc_link = &main_context;
    makecontext(&other_context, other_body, 0);
  } else {
    void** top = (void**)(void*)(stack + stack_size - 64);
    void (*body)(void) = other_body;
    memcpy(top + 6, &body, sizeof body);
    top[7] = NULL;
    other_sp = top;
  }
  go_on();
}

// A stack is cleared before it goes, so that nothing of it stays behind in memory.
static void finish_other(void) {
  go_on();
  memset(stack, 0, stack_size);
  memset(&other_context, 0, sizeof other_context);
  if (stack_kind && !strcmp(stack_kind, " malloc")) free(stack);
  if (stack_kind && !strcmp(stack_kind, " mmap")) munmap(stack, stack_size);
  if (stack_kind && !strcmp(stack_kind, " thread")) free_stack_below_a_thread();
  if (stack_kind && !strcmp(stack_kind, " page")) munmap(stack - page_size, 4 * page_size);
}

int main(void) {
  char line[64] = "", way[64] = "";
  pthread_t thread;
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (pipe(gate) || pipe(inside) || pipe(outside)) return 1;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  puts("ready");
  while (fgets(line, sizeof line, stdin)) {
    int value = 0;
    line[strcspn(line, "\n")] = 0;
    const int is_other = !strncmp(way, "context", 7) || !strncmp(way, "fiber", 5);
    if (!strncmp(line, "enter ", 6)) {
      strcpy(way, line + 6);
      if (!strncmp(way, "context", 7) || !strncmp(way, "fiber", 5)) {
        start_other(way);
      } else {
        // A small stack is kept by glibc when its thread ends, with all that stood on it.
        pthread_attr_setstacksize(&attributes, (strcmp(way, "deep") ? 1 : 64) * 1024 * 1024);
        if (pthread_create(&thread, &attributes, enter, way)) return 1;
        hear(inside[0]);
      }
      puts("inside");
    } else if (!strcmp(line, "leave")) {
      if (is_other) {
        finish_other();
        value = other_value;
      } else {
        say(gate[1]);
        if (read(outside[0], &value, sizeof value) != sizeof value) return 1;
        pthread_join(thread, NULL);
      }
      printf("%d\n", value);
    } else if (!strcmp(line, "call")) {
      printf("%d\n", plain());
    } else if (!strcmp(line, "hold")) {
      printf("%d\n", hold());
    }
  }
  return 0;
}
