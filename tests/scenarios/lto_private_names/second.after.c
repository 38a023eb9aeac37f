static int count = 1000;
static __attribute__((noinline)) int step(int n) {
  count += 10 * n;
  return count + 5;
}
int (*volatile kept_here)(int) = step;
int other_unit(int n);
int other_unit(int n) { return kept_here(n); }
