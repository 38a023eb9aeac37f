unsigned long work(unsigned long n) { return n * 20 + n % 7; }
