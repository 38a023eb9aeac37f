#!/usr/bin/env bash
# Prepares the real nginx test: the stock program, its source configured as the package does, and the command that
# compiles the one unit that the test changes.
#
#   prepare_nginx.sh WORK      (WORK is reused when complete)
#
# Leaves in WORK: stock/, source/, compile_commands.json, fix.diff. Nothing is built.
# Exit status 77: the package archive does not have the data.
set -euo pipefail
source "$(dirname "$0")/package.sh"

version=1.22.1-9+deb12u9
unit=src/http/modules/ngx_http_static_module.c
work=${1:?usage: prepare_nginx.sh WORK}
mkdir -p "$work"
work=$(cd "$work" && pwd)
[ -e "$work/complete" ] && exit 0

archive=$work/archive
mkdir -p "$archive"
(cd "$archive" && apt-get -qq download "nginx=$version") && fetch_source "$archive" "nginx=$version" ||
  not_available "the package archive has no nginx $version"
install_packages "$work/install.log" libpcre2-dev libssl-dev zlib1g-dev

rm -rf "$work/stock" "$work/source"
mkdir -p "$work/stock" "$work/source"
dpkg-deb -x "$archive"/nginx_*_amd64.deb "$work/stock"
tar -xzf "$archive"/nginx_*.orig.tar.gz -C "$work/source" --strip-components=1
tar -xJf "$archive"/nginx_*.debian.tar.xz -C "$work/source"
cd "$work/source"
while read -r patch; do
  patch -s -p1 <"debian/patches/$patch" || exit 1
done < <(grep -v '^#' debian/patches/series)

# The program says how it was configured; its dynamic modules are other files.
stock=$work/stock/usr/sbin/nginx
eval "arguments=($("$stock" -V 2>&1 | sed -n 's/^configure arguments: //p'))"
kept=()
for argument in "${arguments[@]}"; do
  case $argument in *=dynamic) ;; *) kept+=("$argument") ;; esac
done
./configure "${kept[@]}" >"$work/configure.log" 2>&1

object=objs/${unit%.c}.o
command=$(make -n -f objs/Makefile "$object" | tr -d '\\\n\t' | sed -n 's/.*\(cc -c .*\)/\1/p')
python3 - "$work" "$unit" "${command/#cc /gcc }" >"$work/compile_commands.json" <<'PYTHON'
import json, sys
work, unit, command = sys.argv[1:]
print(json.dumps([{"directory": work + "/source", "file": unit, "command": command}]))
PYTHON

# A page that the old code does not know.
mkdir -p a b
cp "$unit" a/unit.c
sed '/if (r->uri.data\[r->uri.len - 1\] == /i\
    if (r->uri.len == 7 \&\& ngx_strncmp(r->uri.data, "/healed", 7) == 0) {\
        return NGX_HTTP_NO_CONTENT;\
    }\
' "$unit" >b/unit.c
diff -u --label "a/$unit" --label "b/$unit" a/unit.c b/unit.c >"$work/fix.diff" || [ $? = 1 ]
grep -q NO_CONTENT "$work/fix.diff"
touch "$work/complete"
