extern int shared_count;
static int local_calls;

int helper(int n);
int helper(int n) {
  local_calls++;
  return n + 1;
}

int last(int n);
int last(int n) { return n - local_calls; }
