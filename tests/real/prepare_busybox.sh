#!/usr/bin/env bash
# Prepares the real busybox test: the stock static program, its source configured as the package does, and the
# command that compiles the one unit that the test changes.
#
#   prepare_busybox.sh WORK      (WORK is reused when complete)
#
# Leaves in WORK: stock/, source/, compile_commands.json, fix.diff. Only that unit is built.
# Exit status 77: the package archive does not have the data.
set -euo pipefail
source "$(dirname "$0")/package.sh"

binary=1:1.35.0-4+deb12u1+b1
version=1:1.35.0-4+deb12u1
unit=networking/httpd
work=${1:?usage: prepare_busybox.sh WORK}
mkdir -p "$work"
work=$(cd "$work" && pwd)
[ -e "$work/complete" ] && exit 0

archive=$work/archive
mkdir -p "$archive"
(cd "$archive" && apt-get -qq download "busybox-static=$binary") && fetch_source "$archive" "busybox=$version" ||
  not_available "the package archive has no busybox-static $binary"
install_packages "$work/install.log" libc6-dev make

unpack_package "$work" busybox "$archive"/busybox-static_*_amd64.deb
cd "$work/source"

build=$work/source/b/static
mkdir -p "$build"
cat debian/config/os/linux debian/config/pkg/static >"$build/.config"
export DEB_BUILD_MAINT_OPTIONS=hardening=+all KCONFIG_NOTIMESTAMP=1
flags=$(dpkg-buildflags --get CFLAGS | sed 's/-O2//')
yes "" | make -C "$build" -f "$work/source/Makefile" KBUILD_SRC="$work/source" silentoldconfig >"$work/configure.log" 2>&1 ||
  [ "${PIPESTATUS[1]}" = 0 ]
make -C "$build" V=1 CONFIG_EXTRA_CFLAGS="$flags $(dpkg-buildflags --get CPPFLAGS)" "$unit.o" >"$work/build.log" 2>&1

command=$(grep -o 'gcc -Wp,.* -c .*' "$work/build.log" | grep "$unit.c" | sed 's/ ; *$//' | tail -1)
python3 - "$build" "$work/source/$unit.c" "$command" >"$work/compile_commands.json" <<'PYTHON'
import json, sys
directory, unit, command = sys.argv[1:]
print(json.dumps([{"directory": directory, "file": unit, "command": command}]))
PYTHON

# What is not found is forbidden.
mkdir -p a b
sed '/^static void send_headers_and_exit(int responseNum)$/,/^}/s/^\tfile_size = -1;/\tif (responseNum == HTTP_NOT_FOUND)\
\t\tresponseNum = HTTP_FORBIDDEN;\
&/' "$unit.c" >"$work/changed.c"
diff -u --label "a/$unit.c" --label "b/$unit.c" "$unit.c" "$work/changed.c" >"$work/fix.diff" || [ $? = 1 ]
grep -q HTTP_FORBIDDEN "$work/fix.diff"
touch "$work/complete"
