// A change of python3 itself, written by hand: numbers are written with all their digits.
#include <Python.h>
#include <stdio.h>
#include <stent/patch.h>

char* all_digits(double value, char format, int precision, int flags, int* type) {
  (void)format, (void)precision, (void)flags;
  const size_t size = 32;
  char* text = PyMem_Malloc(size);
  if (text == NULL) return (char*)PyErr_NoMemory();
  if (type != NULL) *type = Py_DTST_FINITE;
  snprintf(text, size, "%.17g", value);
  return text;
}
STENT_REPLACE(all_digits, "PyOS_double_to_string")
