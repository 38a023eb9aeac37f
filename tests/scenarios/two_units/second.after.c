extern int shared_count;
static int local_calls;

int helper(int n);
int helper(int n) {
  local_calls++;
  shared_count += 1;
  return n + 2 + local_calls;
}

int last(int n);
int last(int n) { return n - local_calls; }
