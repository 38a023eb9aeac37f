static inline __attribute__((always_inline)) int limited(int n) { return n > 10 ? 10 : n; }
