extern int kept;
int kept = 1;
__attribute__((noinline)) int keep(int n) {
  kept = n;
  return kept + 1;
}
