static int count = 7;
static __attribute__((noinline)) int inner(int n) { return n * count++; }
int helper(int n);
int helper(int n) { return inner(n) + 1; }
