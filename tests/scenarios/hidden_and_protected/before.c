#include <stdio.h>

__attribute__((visibility("hidden"), noinline)) int hidden(int n) {
  return n + 1;
}
__attribute__((visibility("protected"), noinline)) int guarded(int n) {
  return n + 10;
}
__attribute__((visibility("internal"), noinline)) int internal(int n) {
  return n + 100;
}
__attribute__((visibility("hidden"))) int hidden_data = 5;

void scenario(int n) { printf("%d %d %d %d\n", hidden(n), guarded(n), internal(n), hidden_data); }
