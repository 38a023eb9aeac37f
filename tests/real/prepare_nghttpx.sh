#!/usr/bin/env bash
# Prepares the real nghttpx tests (a server in C++): the stock program, its source configured as the package does, the
# commands that compile every unit of the program, and a change.
#
#   prepare_nghttpx.sh WORK      (WORK is reused when complete)
#
# Whatever version the machine's package archive has is taken. Leaves in WORK: stock/, source/, compile_commands.json,
# fix.diff. Nothing is built.
# Exit status 77: the package archive does not have the data.
set -euo pipefail
source "$(dirname "$0")/package.sh"

unit=src/shrpx_https_upstream.cc
work=${1:?usage: prepare_nghttpx.sh WORK}
mkdir -p "$work"
work=$(cd "$work" && pwd)
[ -e "$work/complete" ] && exit 0

archive=$work/archive
mkdir -p "$archive"
rm -f "$archive"/nghttp2*
(cd "$archive" && apt-get -qq download nghttp2-proxy) || not_available "the package archive has no nghttp2-proxy"
version=$(dpkg-deb -f "$archive"/nghttp2-proxy_*_amd64.deb Version)
fetch_source "$archive" "nghttp2=$version" || not_available "the package archive has no source of nghttp2 $version"
install_packages "$work/install.log" autoconf automake libtool pkg-config libc-ares-dev libev-dev libjansson-dev \
  libjemalloc-dev libnghttp2-14 libssl-dev libsystemd-dev libxml2-dev zlib1g-dev

unpack_package "$work" nghttp2 "$archive"/nghttp2-proxy_*_amd64.deb
cd "$work/source"
(
  autoreconf -fi
  eval "$(dpkg-buildflags --export=sh)"
  ./configure --build=x86_64-linux-gnu --prefix=/usr --disable-dependency-tracking --enable-python-bindings=no \
    --disable-failmalloc --enable-app
) >"$work/configure.log" 2>&1

# Only the units are asked for: the library that they are linked with is not built.
{ make -n -k -C src nghttpx 2>"$work/commands.log" || true; } | python3 -c '
import json, re, sys
directory, units = sys.argv[1], []
for line in sys.stdin:
    command = re.search(r"((?:gcc|g\+\+) .* -c -o \S+) `test -f \x27(\S+)\x27 ", line)
    if command:
        units.append({"directory": directory, "file": command[2], "command": command[1] + " " + command[2]})
assert len(units) > 25, units
print(json.dumps(units, indent=1))' "$work/source/src" >"$work/compile_commands.json"

# A redirection says another status.
sed 's/  resp\.http_status = 308;/  resp.http_status = 301;/' "$unit" >"$work/changed.cc"
diff -u --label "a/$unit" --label "b/$unit" "$unit" "$work/changed.cc" >"$work/fix.diff" || [ $? = 1 ]
grep -q 301 "$work/fix.diff"
touch "$work/complete"
