#!/usr/bin/env bash
# Prepares the real nginx test: the stock program and its stream module, their source configured as the package does, and
# the commands that compile the units that the test changes, one of each.
#
#   prepare_nginx.sh WORK      (WORK is reused when complete)
#
# Leaves in WORK: stock/, source/, compile_commands.json, fix.diff, module.diff. Nothing is built.
# Exit status 77: the package archive does not have the data.
set -euo pipefail
source "$(dirname "$0")/package.sh"

version=1.22.1-9+deb12u9
unit=src/http/modules/ngx_http_static_module.c
module_unit=src/stream/ngx_stream_return_module.c
work=${1:?usage: prepare_nginx.sh WORK}
mkdir -p "$work"
work=$(cd "$work" && pwd)
[ -e "$work/complete-with-module" ] && exit 0

archive=$work/archive
mkdir -p "$archive"
(cd "$archive" && apt-get -qq download "nginx=$version" "libnginx-mod-stream=$version") && fetch_source "$archive" "nginx=$version" ||
  not_available "the package archive has no nginx $version"
install_packages "$work/install.log" libpcre2-dev libssl-dev zlib1g-dev

unpack_package "$work" nginx "$archive"/nginx_"$version"_amd64.deb "$archive"/libnginx-mod-stream_"$version"_amd64.deb
cd "$work/source"

# The program says how it was configured; its dynamic modules are other files, of which one is wanted.
stock=$work/stock/usr/sbin/nginx
eval "arguments=($("$stock" -V 2>&1 | sed -n 's/^configure arguments: //p'))"
kept=()
for argument in "${arguments[@]}"; do
  case $argument in --with-stream=dynamic) kept+=("$argument") ;; *=dynamic) ;; *) kept+=("$argument") ;; esac
done
./configure "${kept[@]}" >"$work/configure.log" 2>&1

command_of() {
  make -n -f objs/Makefile "objs/${1%.c}.o" | tr -d '\\\n\t' | sed -n 's/.*cc \(-c .*\)/gcc \1/p'
}
python3 - "$work" "$unit" "$(command_of "$unit")" "$module_unit" "$(command_of "$module_unit")" \
  >"$work/compile_commands.json" <<'PYTHON'
import json, sys
work, *pairs = sys.argv[1:]
print(json.dumps([{"directory": work + "/source", "file": unit, "command": command}
                  for unit, command in zip(pairs[::2], pairs[1::2])]))
PYTHON

# difference UNIT SED-SCRIPT
difference() {
  mkdir -p a b
  cp "$1" a/unit.c
  sed "$2" "$1" >b/unit.c
  diff -u --label "a/$1" --label "b/$1" a/unit.c b/unit.c || [ $? = 1 ]
}

# A page that the old code does not know, and another answer of the module.
difference "$unit" '/if (r->uri.data\[r->uri.len - 1\] == /i\
    if (r->uri.len == 7 \&\& ngx_strncmp(r->uri.data, "/healed", 7) == 0) {\
        return NGX_HTTP_NO_CONTENT;\
    }\
' >"$work/fix.diff"
grep -q NO_CONTENT "$work/fix.diff"
difference "$module_unit" '/b->pos = text.data/i\
    if (text.len == 3 \&\& ngx_strncmp(text.data, "old", 3) == 0) {\
        ngx_str_set(\&text, "new");\
    }\
' >"$work/module.diff"
grep -q ngx_str_set "$work/module.diff"
touch "$work/complete-with-module"
