inline int limited(int n) { return n > 10 ? 10 : n; }
