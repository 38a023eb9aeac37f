// A program with functions to replace. usage: answers SPINNERS
// stdin: "answer" -> prints answer(); "twice" -> prints twice(); "hold" -> a thread enters hold() and stays;
// "release" -> it returns, prints hold()'s value; "stale", "spin stale" -> a thread blocks, or
// spins, with a word on its stack that points into twice(); "spins" -> prints how often the spinners called, then what they got
// that was neither 42 nor 43 nor 44; "signals" -> signals handled. A timer signals the process every millisecond.
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define KEPT __attribute__((noinline, used, aligned(16)))

static int gate[2], inside[2], outside[2];
static atomic_long calls, wrong, signals;

const char* volatile remembered = "nothing";

KEPT int answer(void) {
  int value = 42;
  __asm__ volatile("" : "+r"(value));
  return value;
}

KEPT int twice(void) {
  int value = answer() * 2;
  __asm__ volatile("" : "+r"(value));
  return value;
}

KEPT int hold(void) {
  char byte = 1;
  if (write(inside[1], &byte, 1) != 1 || read(gate[0], &byte, 1) != 1) return -1;
  __asm__ volatile("" ::: "memory");
  return byte;
}

static void* holder(void* argument) {
  pthread_setname_np(pthread_self(), "holder");
  int value = hold();
  if (write(outside[1], &value, sizeof value) != sizeof value) abort();
  return argument;
}

/// Stays here for ever with a word on its stack that points into twice().
static void* stale(void* spin) {
  void* volatile word = (char*)(void*)twice + 5;
  char byte = 1;
  if (write(inside[1], &byte, 1) != 1) abort();
  while (spin && word) {
  }
  while (read(gate[0], &byte, 1) == 1 && word) {
  }
  return spin;
}

static void* spinner(void* argument) {
  for (;;) {
    int value = answer();
    if (value < 42 || value > 44) atomic_fetch_add(&wrong, 1);
    atomic_fetch_add(&calls, 1);
  }
  return argument;
}

static void count(int number) {
  (void)number;
  atomic_fetch_add(&signals, 1);
}

int main(int argc, char** argv) {
  char line[64];
  pthread_t thread;
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (pipe(gate) || pipe(inside) || pipe(outside)) return 1;
  int spinners = argc > 1 ? atoi(argv[1]) : 0;
  if (spinners > 0) {
    struct sigaction action = {.sa_handler = count, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    struct itimerval every = {{0, 1000}, {0, 1000}};
    setitimer(ITIMER_REAL, &every, NULL);
  }
  for (int i = 0; i < spinners; ++i) pthread_create(&thread, NULL, spinner, NULL);
  puts("ready");
  while (fgets(line, sizeof line, stdin)) {
    char byte = 7;
    int value = 0;
    if (!strcmp(line, "answer\n")) {
      printf("%d\n", answer());
    } else if (!strcmp(line, "twice\n")) {
      printf("%d\n", twice());
    } else if (!strcmp(line, "hold\n")) {
      pthread_create(&thread, NULL, holder, NULL);
      pthread_detach(thread);
      if (read(inside[0], &byte, 1) != 1) return 1;
      puts("holding");
    } else if (!strcmp(line, "stale\n") || !strcmp(line, "spin stale\n")) {
      pthread_create(&thread, NULL, stale, line[1] == 'p' ? line : NULL);
      if (read(inside[0], &byte, 1) != 1) return 1;
      puts("there");
    } else if (!strcmp(line, "release\n")) {
      if (write(gate[1], &byte, 1) != 1 || read(outside[0], &value, sizeof value) != sizeof value) return 1;
      printf("%d\n", value);
    } else if (!strcmp(line, "spins\n")) {
      printf("calls %ld wrong %ld signals %ld\n", atomic_load(&calls), atomic_load(&wrong), atomic_load(&signals));
    } else if (!strcmp(line, "remembered\n")) {
      puts(remembered);
    } else {
      puts("what?");
    }
  }
  return 0;
}
