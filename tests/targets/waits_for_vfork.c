// Sits in vfork(2), uninterruptible, until its child has read a line; then answers lines with "alive".
#include <stdio.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
  setbuf(stdin, NULL);
  puts("ready");
  fflush(stdout);
  pid_t child = vfork();
  if (child == 0) {
    char byte;
    while (read(0, &byte, 1) == 1 && byte != '\n') {
    }
    _exit(0);
  }
  waitpid(child, NULL, 0);
  puts("child ended");
  fflush(stdout);
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    puts("alive");
    fflush(stdout);
  }
  return 0;
}
