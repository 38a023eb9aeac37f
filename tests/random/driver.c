// Answers "a b" with the number of the query and the values of all entries, while other threads call them as well (unless
// ALONE is defined). "a b" with a b of more than 16 bits makes a the generation of an oracle, and answers as well.
#include <ctype.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef unsigned long u;
extern u (*const entries[])(u, u);
extern const int entry_count;
__attribute__((visibility("default"))) u calls_of_all;
__attribute__((visibility("default"))) int generation;

// What a change may call is in a static program only when something else calls it.
void *const kept[] = {(void *)strtoul, (void *)toupper, (void *)labs, (void *)strchr, (void *)floor, (void *)memset, (void *)memcmp,
                      (void *)atoi, (void *)abort, (void *)strlen, (void *)memcpy, (void *)snprintf, (void *)fprintf,
                      (void *)__ctype_b_loc, (void *)__ctype_toupper_loc, (void *)strtol};

#ifndef ALONE
static void *works(void *unused) {
  (void)unused;
  for (u turn = 0;; turn++) {
    for (int i = 0; i < entry_count; i++) entries[i](turn, (u)i);
    usleep(100);
  }
  return NULL;
}
#endif

int main(void) {
  u a, b, query = 0;
#ifndef ALONE
  pthread_t threads[2];
  for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, works, NULL);
#endif
  while (scanf("%lu %lu", &a, &b) == 2) {
    printf("%lu", ++query);
    if (b >> 16) {
      generation = (int)a;
      printf(" generation\n");
      fflush(stdout);
      continue;
    }
    for (int i = 0; i < entry_count; i++) printf(" %lx", entries[i](a, b));
    printf("\n");
    fflush(stdout);
  }
  return 0;
}
