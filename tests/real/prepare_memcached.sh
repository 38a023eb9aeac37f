#!/usr/bin/env bash
# Prepares the real memcached test: the stock binaries of two revisions, the older source as it was built, and the
# diff that the newer revision's fixes make in it.
#
#   prepare_memcached.sh WORK      (WORK is reused when complete)
#
# Leaves in WORK: stock/ and fixed/ (the archive's files), source/, compile_commands.json, fixes.diff.
# Exit status 77: neither ../shared/real nor the package archive has the data.
set -euo pipefail
source "$(dirname "$0")/package.sh"

old=1.6.18-1
new=1.6.18-1+deb12u1
work=${1:?usage: prepare_memcached.sh WORK}
mkdir -p "$work"
work=$(cd "$work" && pwd)
[ -e "$work/complete" ] && exit 0

archive=$work/archive
mkdir -p "$archive"
if [ -d "$top/../shared/real/memcached" ]; then cp -n "$top/../shared/real/memcached"/*.deb "$archive"/; fi
for version in "$old" "$new"; do
  [ -e "$archive/memcached_${version}_amd64.deb" ] && continue
  (cd "$archive" && apt-get -qq download "memcached=$version") >>"$archive/fetch.log" 2>&1 ||
    not_available "neither ../shared/real/memcached nor the package archive has memcached $version"
done
fetch_source "$archive" "memcached=$new" "memcached=$old" ||
  not_available "the package archive has no source of memcached $old and $new; see $archive/fetch.log"

rm -rf "$work/stock" "$work/fixed" "$work/source" "$work/newer"
mkdir -p "$work/source" "$work/newer"
dpkg-deb -x "$archive/memcached_${old}_amd64.deb" "$work/stock"
dpkg-deb -x "$archive/memcached_${new}_amd64.deb" "$work/fixed"
for revision in "$old source" "$new newer"; do
  read -r version folder <<<"$revision"
  tar -xJf "$archive/memcached_1.6.18.orig.tar.xz" -C "$work/$folder" --strip-components=1
  tar -xJf "$archive/memcached_$version.debian.tar.xz" -C "$work/$folder"
  (cd "$work/$folder" && dpkg-source --before-build . >/dev/null)
done
(cd "$work" && diff -ruN --exclude=debian --exclude=.pc source newer >fixes.diff) || [ $? = 1 ]
(
  cd "$work/source"
  install_build_dependencies "$work/build-dep.log"
  export DEB_BUILD_OPTIONS='nocheck parallel=2'
  bear --output "$work/compile_commands.json" -- dpkg-buildpackage -b -uc -us >"$work/build.log" 2>&1
  dpkg-source --before-build . >>"$work/build.log" 2>&1 # the build took the distribution's patches off again
)
touch "$work/complete"
