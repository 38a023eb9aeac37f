/* The live half of the matrix: calls the case that a line on stdin names, while two threads spin and a signal ticks. */
#ifdef DLOPENED
#include <dlfcn.h>
#endif
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

typedef long (*answer)(long);

struct named {
  const char *name;
  answer function;
};

#ifdef DLOPENED
#define CASE(name) {#name, NULL},
#else
#define CASE(name) long name(long);
#include "cases.inc"
#undef CASE
#define CASE(name) {#name, name},
#endif

static struct named cases[] = {
#include "cases.inc"
    {NULL, NULL}};

static atomic_long spins, violations, ticks;
static atomic_int ending;

static answer find(const char *name) {
  for (struct named *one = cases; one->name != NULL; ++one)
    if (strcmp(one->name, name) == 0) return one->function;
  return NULL;
}

/* What earlier calls left on the stack is no part of the question. */
__attribute__((noinline)) static void clear_stack(void) {
  volatile char left[4096];
  for (unsigned i = 0; i < sizeof left; ++i) left[i] = 0;
}

static void *spin(void *ignored) {
  const answer c = find("spinning"), function = c != NULL ? c : find("cpp_spinning");
  while (!ending) {
    const long value = function(5);
    if (value != 1005 && value != 2005) ++violations;
    ++spins;
  }
  return ignored;
}

static void tick(int number) {
  (void)number;
  ++ticks;
}

static void load(const char *library) {
#ifdef DLOPENED
  void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (handle == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    exit(1);
  }
  for (struct named *one = cases; one->name != NULL; ++one) one->function = (answer)dlsym(handle, one->name);
#else
  (void)library;
#endif
}

static void start_disturbances(pthread_t threads[2]) {
  for (int i = 0; i < 2; ++i) pthread_create(&threads[i], NULL, spin, NULL);
  const struct sigaction action = {.sa_handler = tick, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &action, NULL);
  const struct itimerval period = {{0, 3000}, {0, 3000}};
  setitimer(ITIMER_REAL, &period, NULL);
}

int main(int count, char **words) {
  char line[128], name[96];
  long argument;
  pthread_t threads[2];
  setvbuf(stdout, NULL, _IOLBF, 0);
  load(count > 1 ? words[1] : "");
  start_disturbances(threads);
  puts("ready");
  while (fgets(line, sizeof line, stdin) != NULL) {
    if (sscanf(line, "%95s %ld", name, &argument) != 2) continue;
    const answer function = find(name);
    if (function == NULL)
      puts("unknown");
    else
      printf("%ld\n", function(argument));
    clear_stack();
  }
  while (spins == 0 || ticks == 0) sched_yield();
  ending = 1;
  for (int i = 0; i < 2; ++i) pthread_join(threads[i], NULL);
  printf("violations %ld spun %d ticked %d\n", violations, spins > 0, ticks > 0);
  return 0;
}
