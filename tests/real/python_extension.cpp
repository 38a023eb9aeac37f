// An extension module as people write them: a shop's prices, kept in C++ and asked from many Python threads.
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <map>
#include <string>

namespace {

/// Cents by name; made when it is first asked.
const std::map<std::string, long>& prices() {
  static const std::map<std::string, long> known{{"apple", 30}, {"bread", 250}, {"candle", 120}};
  return known;
}

long asked = 0;

/// In cents; -1: not sold.
long cost(const std::string& name, long count) {
  const auto found = prices().find(name);
  if (found == prices().end()) return -1;
  asked++;
  return found->second * (int)count;
}

PyObject* quote(PyObject*, PyObject* arguments) {
  const char* name = nullptr;
  long count = 0;
  if (PyArg_ParseTuple(arguments, "sl", &name, &count) == 0) return nullptr;
  const std::string text(name);
  const long cents = cost(text, count);
  if (cents < 0) return PyErr_Format(PyExc_KeyError, "%s is not sold", name);
  return PyLong_FromLong(cents);
}

PyObject* questions(PyObject*, PyObject*) { return PyLong_FromLong(asked); }

PyMethodDef functions[] = {{"quote", quote, METH_VARARGS, "quote(name, count): cents"},
                           {"questions", questions, METH_NOARGS, "how many were answered"},
                           {nullptr, nullptr, 0, nullptr}};
PyModuleDef shop = {
    PyModuleDef_HEAD_INIT, "shop", nullptr, -1, functions, nullptr, nullptr, nullptr, nullptr};

}  // namespace

PyMODINIT_FUNC PyInit_shop() { return PyModule_Create(&shop); }
