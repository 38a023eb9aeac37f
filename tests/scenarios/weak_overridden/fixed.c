int hook(int n);
int hook(int n) { return n + 1000; }
