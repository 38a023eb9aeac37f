static int bias = 30;

static __attribute__((noinline)) int compute(int n) {
  return n + bias++;
}

int answer_second(int n);
int answer_second(int n) { return compute(n); }
