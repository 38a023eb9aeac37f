int calls = 7;
int old_one(int n);
int old_one(int n) { return n + calls; }
