// The first thread ends; another one stays until the end of input.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static void* stay(void* unused) {
  (void)unused;
  puts("ready");
  fflush(stdout);
  char line[64];
  while (fgets(line, sizeof line, stdin)) puts(line);
  exit(0);
}

int main(void) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, stay, NULL)) return 1;
  pthread_exit(NULL);
}
