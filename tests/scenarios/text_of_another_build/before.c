/* As a path or a version in the code (__FILE__): the target was built with another text. */
#include <stdio.h>

#ifndef BUILD
#define BUILD 1
#endif
#define WORDS(n) #n
#define TEXT(n) "the text of build " WORDS(n)

__attribute__((noinline)) static int shown(int n) {
  int sum = 0;
  for (int i = 1; i <= n; i++) sum += i * i ^ n;
  printf("%s: %d\n", TEXT(BUILD), sum);
  return sum;
}

__attribute__((noinline)) int kept(int n) {
  int sum = 3;
  for (int i = n; i > 1; i -= 2) sum = sum * 31 + (i ^ 5);
  return sum;
}

void scenario(int n) { shown(n + (kept(n) == 0)); }
