/* A program that loads libraries and calls functions as lines on stdin say:
     open PATH local|global|space   dlopen or dlmopen into a new namespace; answers "opened"
     open PATH beside               dlmopen into the namespace of the library opened last
     last NAME N                    calls NAME of the library opened last
     first NAME N                   calls NAME of the library opened first
     close                          dlclose of the library opened last; answers "closed"
     errno N                        the program's own errno, which it then sets to N
     own N                          calls `ask` of the program itself or of a library it is linked to */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

long ask(long n) __attribute__((weak));

static void *first, *last;

static void open_library(const char *path, const char *how) {
  Lmid_t space = LM_ID_NEWLM;
  if (strcmp(how, "beside") == 0) dlinfo(last, RTLD_DI_LMID, &space);
  if (strcmp(how, "space") == 0 || strcmp(how, "beside") == 0)
    last = dlmopen(space, path, RTLD_NOW);
  else
    last = dlopen(path, RTLD_NOW | (strcmp(how, "global") == 0 ? RTLD_GLOBAL : RTLD_LOCAL));
  if (first == NULL) first = last;
  puts(last != NULL ? "opened" : dlerror());
}

static void call(void *library, const char *name, long n) {
  long (*function)(long) = (long (*)(long))dlsym(library, name);
  if (function == NULL)
    puts(dlerror());
  else
    printf("%ld\n", function(n));
}

int main(void) {
  char line[512], path[384], word[64];
  long n;
  setvbuf(stdout, NULL, _IOLBF, 0);
  puts("ready");
  while (fgets(line, sizeof line, stdin) != NULL) {
    if (sscanf(line, "open %383s %63s", path, word) == 2)
      open_library(path, word);
    else if (sscanf(line, "last %63s %ld", word, &n) == 2)
      call(last, word, n);
    else if (sscanf(line, "first %63s %ld", word, &n) == 2)
      call(first, word, n);
    else if (strcmp(line, "close\n") == 0)
      puts(dlclose(last) == 0 ? "closed" : dlerror());
    else if (sscanf(line, "errno %ld", &n) == 1) {
      const int kept = errno;
      errno = (int)n;
      printf("%d\n", kept);
    }
    else if (sscanf(line, "own %ld", &n) == 1)
      printf("%ld\n", ask(n));
  }
  return 0;
}
