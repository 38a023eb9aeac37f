static inline int limited(int n) { return n > 20 ? 20 : n; }
