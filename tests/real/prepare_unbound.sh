#!/usr/bin/env bash
# Prepares the real unbound test: the stock resolver, the older revision's source (the newer one's without its fixes)
# configured as the package does, the commands that compile the units which the fixes change, and the fixes.
#
#   prepare_unbound.sh WORK      (WORK is reused when complete)
#
# Leaves in WORK: stock/, source/, compile_commands.json, all.diff (every fix of the resolver) and fix.diff (those that
# leave the layout of its data as it is). Only the units that they change are built.
# Exit status 77: neither ../shared/real nor the package archive has the data.
set -euo pipefail
source "$(dirname "$0")/package.sh"

old=1.17.1-2+deb12u3
new=1.17.1-2+deb12u4
fixes=(fix-823-Response-change-to-NODATA-for-some-ANY-queries.patch
       fix-not-following-cleared-RD-flags-amplification.patch
       CVE-2025-11411/1-iterator-iter_scrub.c-pass-module_env-parameter-to-s.patch)
with_new_member=(CVE-2025-11411/2-possible-domain-hijacking-attack.patch
                 CVE-2025-11411/3-additional-fix-for-possible-domain-hijacking.patch)
work=${1:?usage: prepare_unbound.sh WORK}
mkdir -p "$work"
work=$(cd "$work" && pwd)
[ -e "$work/complete" ] && exit 0

data=$top/../shared/real/unbound
archive=$work/archive
mkdir -p "$archive"
if [ -d "$data" ]; then
  cp -n "$data"/* "$archive"/
elif ! (cd "$archive" && apt-get -qq download "unbound=$old" && fetch_source "$archive" "unbound=$new"); then
  not_available "neither ../shared/real/unbound nor the package archive has unbound $old"
fi
install_packages "$work/install.log" bear bison flex libevent-dev libexpat1-dev libnghttp2-dev libprotobuf-c-dev \
  libssl-dev libsystemd-dev libtool make pkg-config protobuf-c-compiler libpython3-dev python3-dev swig

rm -rf "$work/stock" "$work/source" "$work/newer"
mkdir -p "$work/stock" "$work/source"
dpkg-deb -x "$archive/unbound_${old}_amd64.deb" "$work/stock"
tar -xzf "$archive"/unbound_1.17.1.orig.tar.gz -C "$work/source" --strip-components=1
tar -xJf "$archive/unbound_$new.debian.tar.xz" -C "$work/source"

# take PATCH...: what a patch changes in files that exist; some of their changes of tests are to files that do not.
take() {
  local patch
  for patch in "$@"; do
    patch -s -f -p1 <"$work/source/debian/patches/$patch" >>"$work/patch.log" || [ $? = 1 ]
  done
}
# difference FILE: of the resolver's folders.
difference() {
  (cd "$work" && for folder in iterator services util validator; do diff -ru "source/$folder" "newer/$folder" || [ $? = 1 ]; done) >"$1"
}

cd "$work/source"
newer=$(printf '%s\n' "${fixes[@]}" "${with_new_member[@]}" fix-595-unbound-anchor-cannot-deal-with-full-disk.patch)
mapfile -t older < <(grep . debian/patches/series | grep -v '^#' | grep -vxF "$newer")
take "${older[@]}"
cp -a "$work/source" "$work/newer"
cd "$work/newer"
take "${fixes[@]}"
difference "$work/fix.diff"
take "${with_new_member[@]}"
difference "$work/all.diff"
if find . "$work/source" -name '*.rej' -not -path '*/testdata/*' -not -path '*/doc/*' | grep .; then exit 1; fi

mkdir -p "$work/source/b/unbound" # as deep as the package does it: code holds paths
cd "$work/source/b/unbound"
export PATH=/usr/sbin:/usr/bin:/sbin:/bin DEB_BUILD_MAINT_OPTIONS=hardening=+all
CFLAGS=$(dpkg-buildflags --get CFLAGS) CPPFLAGS=$(dpkg-buildflags --get CPPFLAGS) LDFLAGS=$(dpkg-buildflags --get LDFLAGS) \
  PYTHON_VERSION=3.11 PYTHON_SITE_PKG=/usr/lib/python3/dist-packages \
  ../../configure --prefix=/usr --sysconfdir=/etc --localstatedir=/var --disable-rpath --with-pythonmodule --with-pyunbound \
  --enable-subnet --enable-dnstap --enable-systemd --with-libnghttp2 --with-chroot-dir= \
  --with-dnstap-socket-path=/run/dnstap.sock --with-pidfile=/run/unbound.pid --with-libevent --enable-tfo-client \
  --enable-tfo-server --with-rootkey-file=/usr/share/dns/root.key >"$work/configure.log" 2>&1
bear --output "$work/compile_commands.json" -- make iterator.lo iter_scrub.lo val_neg.lo config_file.lo >"$work/build.log" 2>&1
touch "$work/complete"
