// Threads are born and end all the time.     stdin: any line -> "born N"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static atomic_long born;

static void* live_briefly(void* unused) {
  atomic_fetch_add(&born, 1);
  return unused;
}

static void* give_birth(void* unused) {
  for (;;) {
    pthread_t threads[4];
    for (int i = 0; i < 4; ++i)
      if (pthread_create(&threads[i], NULL, live_briefly, NULL)) _exit(1);
    for (int i = 0; i < 4; ++i) pthread_join(threads[i], NULL);
  }
  return unused;
}

int main(void) {
  for (int i = 0; i < 3; ++i) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, give_birth, NULL)) return 1;
  }
  puts("ready");
  fflush(stdout);
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    printf("born %ld\n", atomic_load(&born));
    fflush(stdout);
  }
  return 0;
}
