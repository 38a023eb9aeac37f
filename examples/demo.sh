#!/usr/bin/env bash
# Builds the example server as a user would (-O2, recorded compile command) and heals it while it runs.
#   demo.sh STENT
set -euo pipefail
stent=$(realpath "${1:?usage: demo.sh STENT}")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/stent-demo-XXXXXX")
trap 'rm -rf "$work"' EXIT

compiler=${CC:-gcc}
source=$work/source
mkdir "$source"
cp "$here/kv/server.c" "$source"
"$compiler" -O2 -g -Wall -Wextra -pthread -c "$source/server.c" -o "$work/server.o"
"$compiler" -pthread "$work/server.o" -o "$work/kv-server" -Wl,--build-id
cat >"$work/compile_commands.json" <<JSON
[{"directory": "$source", "file": "server.c",
  "arguments": ["$compiler", "-O2", "-g", "-Wall", "-Wextra", "-pthread", "-c", "$source/server.c", "-o", "$work/server.o"]}]
JSON
python3 "$here/demo.py" "$stent" "$work/kv-server" "$source" "$here/kv/fix.diff" "$here/kv/load.py" "$work"
