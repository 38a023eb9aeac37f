#!/usr/bin/env bash
# The main job on a small server: show a bug, make a patch from the fix, apply it under load, show that the bug is gone
# and nothing was lost, take the patch out again. Ends with a summary; exit status 0 only if all of it was seen.
#
#   demo.sh STENT          (the stent program to use)
set -euo pipefail

stent=$(realpath "${1:?usage: demo.sh STENT}")
source=$(cd "$(dirname "$0")/kv" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/stent-demo-XXXXXX")
server='' load='' load_in=''

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' dim=$'\e[2m' plain=$'\e[0m'
else
  bold='' green='' red='' dim='' plain=''
fi

finish() {
  local process
  for process in "$load" "$server"; do
    if [ -n "$process" ]; then kill "$process" 2>/dev/null || true; fi
  done
  rm -rf "$work"
}
trap finish EXIT

step() { printf '%s==> %s%s\n' "$bold" "$1" "$plain"; }
show() { printf '    %s%s%s\n' "$dim" "$1" "$plain"; }
give_up() {
  printf '%sdemo: %s%s\n' "$red" "$1" "$plain" >&2
  exit 1
}

# ask REQUEST: one reply of the server, without the NULs of a leak.
ask() {
  exec 3<>"/dev/tcp/127.0.0.1/$port"
  printf '%s\n' "$1" >&3
  local reply
  reply=$(timeout 5 head -n 1 <&3 | tr -d '\0')
  exec 3<&- 3>&-
  printf '%s' "$reply"
}

# expect_leak / expect_fixed: what the crafted request shows of the running server.
attack='ECHO 270 hi'
expect_leak() {
  local reply
  reply=$(ask "$attack")
  show "$attack  ->  $reply"
  [[ $reply == *secret-* ]] || give_up "the bug should show here"
}
expect_fixed() {
  local reply
  reply=$(ask "$attack")
  show "$attack  ->  $reply"
  [[ $reply == 'ERROR ECHO is longer than its text' ]] || give_up "the fix should show here"
}

step "Build the server as its authors do, and record the build"
cp -r "$source/." "$work/src"
(cd "$work/src" && bear --output "$work/compile_commands.json" -- make >"$work/make.log" 2>&1) ||
  { cat "$work/make.log" >&2; give_up "the example does not build"; }
show "$(ls "$work/src/build" | tr '\n' ' ')"

step "Start it, and put it under load"
mkfifo "$work/port" "$work/stdin"
"$work/src/build/kv-server" 0 8 >"$work/port" 2>"$work/server.log" &
server=$!
read -r port <"$work/port"
"$work/src/build/kv-load" "$port" 8 <"$work/stdin" >"$work/load.out" 2>"$work/load.err" &
load=$!
exec {load_in}>"$work/stdin"
show "kv-server is process $server, 9 threads, port $port; 8 clients check every reply"

step "The bug: the server sends back what stands behind the request"
expect_leak

step "Make a patch from the fix"
"$stent" create --target "$work/src/build/kv-server" --compile-commands "$work/compile_commands.json" \
  --patch "$work/src/fix.diff" -o "$work/fix.stent" >"$work/create.out" 2>&1 ||
  { cat "$work/create.out" >&2; give_up "no patch was made"; }
"$stent" show "$work/fix.stent" | sed 's/^/    /'

step "Apply it to the running server"
for _ in $(seq 20); do # a check looks once, and the function may be in use just then; apply waits by itself
  "$stent" check "$work/fix.stent" --pid "$server" >"$work/check.out" 2>&1 && break
done
sed 's/^/    /' "$work/check.out"
"$stent" apply "$work/fix.stent" --pid "$server" | tee "$work/apply.out" | sed 's/^/    /'
expect_fixed
"$stent" list --pid "$server" | sed 's/^/    /'

step "Take it out again"
"$stent" revert "$work/fix.stent" --pid "$server" | sed 's/^/    /'
expect_leak

step "And back in, for good"
"$stent" apply "$work/fix.stent" --pid "$server" --json >"$work/apply.json"
expect_fixed

exec {load_in}>&-
if ! wait "$load"; then
  cat "$work/load.err" >&2
  load=''
  give_up "requests failed: $(cat "$work/load.out")"
fi
load=''
kill -0 "$server" 2>/dev/null || give_up "the server died"

window=$(sed -n 's/.*"stop_window_ns": *\([0-9]*\).*/\1/p' "$work/apply.json")
printf '\n%sHealed while serving.%s  bug shown, fixed, reverted, fixed again\n' "$green$bold" "$plain"
printf '  load         %s\n' "$(cat "$work/load.out")"
printf '  stop window  %s us\n' "$((${window:-0} / 1000))"
