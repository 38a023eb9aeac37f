#!/usr/bin/env bash
# Prepares the real python test: an extension module in C++, built for the machine's own python3 with the flags that python3
# builds extensions with, and a fix for it.
#
#   prepare_python.sh WORK      (made anew each time: it takes seconds)
#
# Leaves in WORK: source/ (with a Makefile), fix.diff. Exit status 77: python3's headers cannot be installed.
set -euo pipefail
source "$(dirname "$0")/package.sh"

work=${1:?usage: prepare_python.sh WORK}
mkdir -p "$work"
work=$(cd "$work" && pwd)
dpkg-query -W -f='${Status}' python3-dev 2>/dev/null | grep -q '^install ok installed' ||
  install_packages "$work/install.log" python3-dev make

rm -rf "$work/source"
mkdir -p "$work/source"
cd "$work/source"
cp "$here/python_extension.cpp" shop.cpp
export PATH=/usr/bin:/bin
cat >Makefile <<MAKE
CXXFLAGS = $(python3-config --cflags | sed 's/-ffile-prefix-map=[^ ]*//g') -fPIC
shop.so: shop.o
	g++ -shared \$(CXXFLAGS) -Wl,-z,relro,-z,now -o \$@ \$<
MAKE
make >"$work/build.log" 2>&1

# The product is too large for an int; and nobody buys less than nothing.
sed 's/\* (int)count/* count/
/^  const std::string text(name);/i\
  if (count < 0 || count > 1000000000) return PyErr_Format(PyExc_ValueError, "%s: %ld is no number to buy", name, count);
' shop.cpp >"$work/changed.cpp"
diff -u --label a/shop.cpp --label b/shop.cpp shop.cpp "$work/changed.cpp" >"$work/fix.diff" || [ $? = 1 ]
grep -q ValueError "$work/fix.diff"
