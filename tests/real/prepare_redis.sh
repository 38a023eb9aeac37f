#!/usr/bin/env bash
# Prepares the real Redis test: the stock binary, a rebuild of its source that yields the same loaded bytes, the
# objects' compile commands, the debug files of the rebuild, and the fixes of the newer revision.
#
#   prepare_redis.sh WORK      (WORK is reused when complete)
#
# Leaves in WORK: stock/ (the archive's files), source/ (the tree as built), compile_commands.json,
# debug/ (usr/lib/debug with .dwz), fixes/ (debian/patches of the newer revision).
# Exit status 77: neither ../shared/real nor the package archive has the data.
set -euo pipefail
source "$(dirname "$0")/package.sh"

old=7.0.15-1~deb12u7
new=7.0.15-1~deb12u10
work=${1:?usage: prepare_redis.sh WORK}
mkdir -p "$work"
work=$(cd "$work" && pwd)
[ -e "$work/complete" ] && exit 0

data=$top/../shared/real/redis
archive=$work/archive
mkdir -p "$archive"
if [ -d "$data" ]; then
  cp -n "$data"/* "$archive"/
elif ! (cd "$archive" && apt-get -qq download "redis-server=5:$old" "redis-tools=5:$old" &&
        fetch_source "$archive" "redis=5:$old" "redis=5:$new"); then
  not_available "neither ../shared/real/redis nor the package archive has redis $old"
fi

rm -rf "$work/stock" "$work/source" "$work/debug" "$work/fixes" "$work/build"
mkdir -p "$work/stock" "$work/debug" "$work/fixes" "$work/build"
for package in "$archive"/redis-tools_*"$old"_amd64.deb; do
  dpkg-deb -x "$package" "$work/stock"
done
tar -xJf "$archive/redis_$new.debian.tar.xz" -C "$work/fixes" --strip-components=2 debian/patches

# The source tree keeps one path for good: it stands in the compile commands.
tar -xzf "$archive/redis_7.0.15.orig.tar.gz" -C "$work/build"
mv "$work/build"/redis-* "$work/source"
tar -xJf "$archive/redis_$old.debian.tar.xz" -C "$work/source"
(
  cd "$work/source"
  install_build_dependencies "$work/build-dep.log"
  export DEB_BUILD_OPTIONS='nocheck parallel=2'
  bear --output "$work/compile_commands.json" -- dpkg-buildpackage -b -uc -us >"$work/build.log" 2>&1
  dpkg-source --before-build "$PWD" >>"$work/build.log" 2>&1 # the build took the distribution's patches off again
)
for package in "$work"/redis-tools-dbgsym_*.deb; do
  dpkg-deb -x "$package" "$work/debug"
done

rebuilt=$work/source/debian/redis-tools/usr/bin/redis-check-rdb
if ! same_loaded_bytes "$work/stock/usr/bin/redis-check-rdb" "$rebuilt"; then
  echo "the rebuild is not the stock binary; see $work/build.log" >&2
  exit 1
fi
touch "$work/complete"
