extern int added;
extern const int steps[3];
int added = 5;
const int steps[3] = {100, 200, 300};

int second(int n);
int second(int n) { return n + 1; }
