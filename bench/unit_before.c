unsigned long work(unsigned long n) { return n * 10 + n % 7; }
