#include <stdio.h>
#include <string.h>

__attribute__((noinline)) int copy(const char *text) {
  char room[32];
  strcpy(room, text);
  return (int)strlen(room);
}

void scenario(int n) { printf("%d\n", copy(n ? "short" : "a text that is well beyond the room that was made for it")); }
