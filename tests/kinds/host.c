/* A program that loads libraries and calls functions as lines on stdin say:
     open PATH local|global|space   dlopen or dlmopen into a new namespace; answers "opened"
     last NAME N                    calls NAME of the library opened last
     own N                          calls `ask` of the program itself or of a library it is linked to */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

long ask(long n) __attribute__((weak));

static void *last;

static void open_library(const char *path, const char *how) {
  if (strcmp(how, "space") == 0)
    last = dlmopen(LM_ID_NEWLM, path, RTLD_NOW);
  else
    last = dlopen(path, RTLD_NOW | (strcmp(how, "global") == 0 ? RTLD_GLOBAL : RTLD_LOCAL));
  puts(last != NULL ? "opened" : dlerror());
}

static void call_last(const char *name, long n) {
  long (*function)(long) = (long (*)(long))dlsym(last, name);
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
      call_last(word, n);
    else if (sscanf(line, "own %ld", &n) == 1)
      printf("%ld\n", ask(n));
  }
  return 0;
}
