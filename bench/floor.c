/* The floor: `floor PID ROUNDS` does ROUNDS times what nothing that looks into a stopped process can do without: seize every
   thread, interrupt it, wait for it, read its registers, detach. Prints the nanoseconds of each round. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>

enum { MOST = 4096 };

static unsigned long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (unsigned long)time.tv_sec * 1000000000UL + (unsigned long)time.tv_nsec;
}

static int threads_of(const char *pid, pid_t *tids) {
  char path[64];
  int count = 0;
  snprintf(path, sizeof path, "/proc/%s/task", pid);
  DIR *directory = opendir(path);
  if (!directory) return 0;
  for (struct dirent *entry; (entry = readdir(directory)) && count < MOST;)
    if (entry->d_name[0] != '.') tids[count++] = atoi(entry->d_name);
  closedir(directory);
  return count;
}

static void stop_once(const pid_t *tids, int count) {
  struct user_regs_struct registers;
  int status;
  for (int i = 0; i < count; i++)
    if (ptrace(PTRACE_SEIZE, tids[i], 0, 0) != 0) exit(1);
  for (int i = 0; i < count; i++) ptrace(PTRACE_INTERRUPT, tids[i], 0, 0);
  for (int i = 0; i < count; i++) waitpid(tids[i], &status, __WALL);
  for (int i = 0; i < count; i++) ptrace(PTRACE_GETREGS, tids[i], 0, &registers);
  for (int i = 0; i < count; i++) ptrace(PTRACE_DETACH, tids[i], 0, 0);
}

int main(int argc, char **argv) {
  static pid_t tids[MOST];
  if (argc < 3) return 2;
  int count = threads_of(argv[1], tids);
  for (int round = atoi(argv[2]); round > 0; round--) {
    unsigned long before = now();
    stop_once(tids, count);
    printf("%lu\n", now() - before);
  }
  return 0;
}
