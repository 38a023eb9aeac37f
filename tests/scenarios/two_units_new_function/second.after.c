int calls = 7;
int old_one(int n);
int fresh(int n);
int fresh(int n) { return n * 100 + calls++; }
int old_one(int n) { return n + calls; }
