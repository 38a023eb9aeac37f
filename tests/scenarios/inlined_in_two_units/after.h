static inline __attribute__((always_inline)) int limited(int n) { return n > 20 ? 20 : n; }
