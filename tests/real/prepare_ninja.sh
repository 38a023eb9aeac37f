#!/usr/bin/env bash
# Prepares the real ninja test (C++): the stock program, its source, and the command that compiles the one unit that
# the test changes.
#
#   prepare_ninja.sh WORK      (WORK is reused when complete)
#
# Leaves in WORK: stock/, source/, compile_commands.json, fix.diff. Nothing is built.
# Exit status 77: the package archive does not have the data.
set -euo pipefail
source "$(dirname "$0")/package.sh"

version=1.11.1-2~deb12u1
unit=src/status.cc
work=${1:?usage: prepare_ninja.sh WORK}
mkdir -p "$work"
work=$(cd "$work" && pwd)
[ -e "$work/complete" ] && exit 0

archive=$work/archive
mkdir -p "$archive"
(cd "$archive" && apt-get -qq download "ninja-build=$version") && fetch_source "$archive" "ninja-build=$version" ||
  not_available "the package archive has no ninja-build $version"

unpack_package "$work" ninja-build "$archive"/ninja-build_*_amd64.deb
cd "$work/source"

export DEB_CFLAGS_MAINT_APPEND DEB_CXXFLAGS_MAINT_APPEND
DEB_CFLAGS_MAINT_APPEND=$(dpkg-buildflags --get CPPFLAGS)
DEB_CXXFLAGS_MAINT_APPEND=$DEB_CFLAGS_MAINT_APPEND
CXX=g++ CFLAGS=$(dpkg-buildflags --get CFLAGS) CXXFLAGS=$(dpkg-buildflags --get CXXFLAGS) \
  LDFLAGS=$(dpkg-buildflags --get LDFLAGS) python3 configure.py >"$work/configure.log" 2>&1
flags=$(sed -n '/^cflags = /,/[^$]$/p' build.ninja | sed 's/^cflags = //; s/\$$//' | tr '\n' ' ')
python3 - "$work/source" "$unit" "g++ $flags -c $unit -o status.o" >"$work/compile_commands.json" <<'PYTHON'
import json, sys
directory, unit, command = sys.argv[1:]
print(json.dumps([{"directory": directory, "file": unit, "command": command}]))
PYTHON

# The number of finished edges is said in words.
sed "/case 'f':/,/break/s/\"%d\"/\"done %d\"/" "$unit" >"$work/changed.cc"
diff -u --label "a/$unit" --label "b/$unit" "$unit" "$work/changed.cc" >"$work/fix.diff" || [ $? = 1 ]
grep -q 'done %d' "$work/fix.diff"
touch "$work/complete"
