# Getting real Debian packages; sourced by the prepare_NAME.sh scripts.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)

# not_available WHY: ends with exit status 77, loudly.
not_available() {
  echo "REAL DATA NOT AVAILABLE: $1" >&2
  exit 77
}

# fetch_source ARCHIVE NAME=VERSION...: source packages into ARCHIVE, from the machine's own package archive; its
# binary entries are taken as source entries as well.
fetch_source() {
  local archive=$1 state
  shift
  state=$(mktemp -d)
  mkdir -p "$state/lists/partial" "$state/parts"
  local file
  for file in /etc/apt/sources.list.d/*.sources; do
    [ -e "$file" ] && sed 's/^Types:.*/Types: deb-src/' "$file" >"$state/parts/$(basename "$file")"
  done
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -e "$file" ] && sed -n 's/^deb /deb-src /p' "$file" >"$state/parts/$(basename "$file")"
  done
  find "$state/parts" -name 'sources.list' -execdir mv {} main.list \;
  local options=(-o "Dir::Etc::sourcelist=-" -o "Dir::Etc::sourceparts=$state/parts" -o "Dir::State::lists=$state/lists")
  local status=0
  (
    apt-get -qq "${options[@]}" update
    cd "$archive" && apt-get -qq "${options[@]}" source --download-only "$@"
  ) >>"$archive/fetch.log" 2>&1 || status=1
  rm -rf "$state"
  return $status
}

# install_build_dependencies LOG: of the source package in the current folder.
install_build_dependencies() {
  local log=$1
  build_dep() { apt-get -y -qq --no-install-recommends build-dep . >>"$log" 2>&1; }
  build_dep || { apt-get -qq update >>"$log" 2>&1 && build_dep; } ||
    not_available "the packages to build this with cannot be installed; see $log"
}

# install_packages LOG NAME...: what a source needs to be configured and one of its units compiled.
install_packages() {
  local log=$1
  shift
  local packages=("$@")
  install() {
    apt-get -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends install "${packages[@]}" >>"$log" 2>&1
  }
  install || { apt-get -qq update >>"$log" 2>&1 && install; } ||
    not_available "the packages ${packages[*]} cannot be installed; see $log"
}

# same_loaded_bytes FILE REBUILT: whether the loaded contents of two programs are equal. The build-id also covers debug
# information, which names headers of other packages.
same_loaded_bytes() {
  local section scratch
  scratch=$(mktemp -d)
  for section in .text .rodata .data .init_array .data.rel.ro .eh_frame; do
    objcopy -O binary --only-section=$section "$1" "$scratch/a" 2>/dev/null || : >"$scratch/a"
    objcopy -O binary --only-section=$section "$2" "$scratch/b" 2>/dev/null || : >"$scratch/b"
    if ! cmp -s "$scratch/a" "$scratch/b"; then
      echo "$section of $2 differs from $1" >&2
      rm -rf "$scratch"
      return 1
    fi
  done
  rm -rf "$scratch"
}

# unpack_package WORK SOURCE BINARY...: the binary packages of WORK/archive into WORK/stock, the source package into
# WORK/source with its patches.
unpack_package() {
  local work=$1 source=$2 file patch
  shift 2
  rm -rf "$work/stock" "$work/source"
  mkdir -p "$work/stock" "$work/source"
  for file in "$@"; do dpkg-deb -x "$file" "$work/stock"; done
  for file in "$work/archive/$source"_*.orig.tar.{gz,bz2,xz}; do
    [ -e "$file" ] && tar -xf "$file" -C "$work/source" --strip-components=1
  done
  tar -xJf "$work/archive/$source"_*.debian.tar.xz -C "$work/source"
  while read -r patch; do
    patch -s -p1 -d "$work/source" <"$work/source/debian/patches/$patch" || return 1
  done < <(grep . "$work/source/debian/patches/series" | grep -v '^#')
}
