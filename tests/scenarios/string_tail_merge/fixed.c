const char *elsewhere(void);
const char *elsewhere(void) { return "a long foobar"; }
