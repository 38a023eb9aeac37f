// With two threads running, replaces itself by a fresh copy at each line; given "storm", without end from the last of nine.
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static void* wait_for_ever(void* unused) {
  for (;;) pause();
  return unused;
}

static void* replace(void* argv) {
  execv("/proc/self/exe", argv);
  return NULL;
}

int main(int argc, char** argv) {
  pthread_t thread;
  if (argc > 1) {
    if (argc == 2) {
      puts("ready");
      fflush(stdout);
    }
    char* again[] = {argv[0], argv[1], "again", NULL};
    for (int i = 0; i < 8; ++i)
      if (pthread_create(&thread, NULL, i < 7 ? wait_for_ever : replace, again)) return 1;
    for (;;) pause();
  }
  if (pthread_create(&thread, NULL, wait_for_ever, NULL)) return 1;
  setbuf(stdin, NULL);
  puts("ready");
  fflush(stdout);
  char line[64];
  if (!fgets(line, sizeof line, stdin)) return 0;
  execv("/proc/self/exe", argv);
  return 1;
}
