#!/usr/bin/env bash
# Prepares the real libarchive test: the stock library, the three units that its security fixes touch with the
# commands that compile them as the package did, and the fixes.
#
#   prepare_libarchive.sh WORK      (WORK is reused when complete)
#
# Leaves in WORK: stock/ (the archive's files), source/ (the older revision's tree, configured),
# compile_commands.json, fix.diff. Nothing is built: the library needs no symbols, its exported functions lead to
# the others. Exit status 77: neither ../shared/real nor the package archive has the data.
set -euo pipefail
source "$(dirname "$0")/package.sh"

old=3.6.2-1+deb12u4
new=3.6.2-1+deb12u5
work=${1:?usage: prepare_libarchive.sh WORK}
mkdir -p "$work"
work=$(cd "$work" && pwd)
[ -e "$work/complete" ] && exit 0

data=$top/../shared/real/libarchive
archive=$work/archive
mkdir -p "$archive"
if [ -d "$data" ]; then
  cp -n "$data"/* "$archive"/
elif ! (cd "$archive" && apt-get -qq download "libarchive13=$old" &&
        fetch_source "$archive" "libarchive=$old" "libarchive=$new"); then
  not_available "neither ../shared/real/libarchive nor the package archive has libarchive $old"
fi

rm -rf "$work/stock" "$work/source" "$work/fixes"
mkdir -p "$work/stock" "$work/source" "$work/fixes"
dpkg-deb -x "$archive"/libarchive13_"$old"_amd64.deb "$work/stock"
tar -xJf "$archive"/libarchive_3.6.2.orig.tar.xz -C "$work/source" --strip-components=1
tar -xJf "$archive/libarchive_$old.debian.tar.xz" -C "$work/source"
tar -xJf "$archive/libarchive_$new.debian.tar.xz" -C "$work/fixes" --strip-components=2 debian/patches

cd "$work/source"
libraries=(libacl1-dev libattr1-dev libbz2-dev liblz4-dev liblzma-dev libxml2-dev libzstd-dev nettle-dev zlib1g-dev
           libext2fs-dev)
install_packages "$work/install.log" "${libraries[@]}"
while read -r patch; do
  patch -s -p1 <"debian/patches/$patch" || exit 1
done < <(grep -v '^#' debian/patches/series)
export DEB_BUILD_MAINT_OPTIONS=hardening=+all
./configure --build=x86_64-linux-gnu --prefix=/usr --disable-dependency-tracking --without-openssl --with-nettle \
  CFLAGS="$(dpkg-buildflags --get CFLAGS)" CPPFLAGS="$(dpkg-buildflags --get CPPFLAGS)" \
  LDFLAGS="$(dpkg-buildflags --get LDFLAGS)" >"$work/configure.log" 2>&1

{
  separator='['
  for unit in archive_read_support_format_rar5 archive_read_support_format_tar archive_write_set_format_zip; do
    printf '%s\n{"directory": "%s", "file": "libarchive/%s.c", "command": "gcc -DHAVE_CONFIG_H -I. %s %s -Wall -fPIC -DPIC -ffunction-sections -fdata-sections -c libarchive/%s.c -o %s.o"}' \
      "$separator" "$work/source" $unit "$(dpkg-buildflags --get CPPFLAGS)" "$(dpkg-buildflags --get CFLAGS)" $unit $unit
    separator=,
  done
  printf '\n]\n'
} >"$work/compile_commands.json"
cat "$work"/fixes/CVE-2026-14164.patch "$work"/fixes/CVE-2026-15028.patch "$work"/fixes/CVE-2026-16517.patch >"$work/fix.diff"
touch "$work/complete"
