#include <stdio.h>

__attribute__((noinline)) float blend(const float *a, const float *b, int count) {
  float sum = 0;
  for (int i = 0; i < count; i++) sum += a[i] * b[i];
  return sum;
}

void scenario(int n) {
  float a[19], b[19];
  for (int i = 0; i < 19; i++) a[i] = i, b[i] = n;
  printf("%.2f\n", blend(a, b, 19));
}
