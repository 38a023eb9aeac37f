int through(int n);
int other_unit(int n);
int other_unit(int n) { return 100 + through(n); }
