#include <stdio.h>
#include <wchar.h>

__attribute__((noinline)) const wchar_t *wide(int n) {
  return n ? L"wider one" : L"wide zero";
}

void scenario(int n) { printf("%ls\n", wide(n)); }
