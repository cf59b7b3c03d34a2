#!/usr/bin/env bash
# Builds the tests on another release of Debian, in a chroot, and runs them; the
# exit code is ctest's, or that of the command.
#
#   tests/in_chroot.sh [--suite NAME] [--experimental SOURCES] [--label REGEX]
#                      [--run COMMAND | CTEST ARGUMENT...]
#
#   --suite          what debootstrap calls it: trixie (the default), sid
#   --experimental   with the packages of these sources as they are in Debian's
#                    experimental, for instance "grpc protobuf"
#   --label          the tests with this label: unit (the default), or others,
#                    for which all is built, and more is installed
#   --run            instead of installing, building and testing, this command of a
#                    shell, where the checkout is
#
# For instance:
#   tests/in_chroot.sh --suite sid --label 'unit|integration' -LE slow
#   tests/in_chroot.sh --suite sid --experimental "grpc protobuf" --run '
#     deploy/install-deps.sh --bench && cmake --preset release -DGATHER_BENCH=ON &&
#     cmake --build --preset release --target aggregator backend bench &&
#     tests/bench/instructions.sh build/release/bin/aggregator \
#       --log_level=warning --max_resets_per_second=0 --metrics_listen='
#
# Needs root and debootstrap; exit code 77 where something of that is missing. The
# chroot stays in build/chroot, with its build, so that a second run is short.
# What is mounted in it is mounted for this script alone, and is gone with it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

suite=trixie
experimental=
label=unit
run=
while (($#)); do
  case $1 in
    --suite | --experimental | --label | --run)
      (($# > 1)) || {
        echo "tests/in_chroot.sh: $1 needs a value" >&2
        exit 2
      }
      declare "${1#--}=$2"
      shift 2
      ;;
    -h | --help)
      sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' tests/in_chroot.sh
      exit
      ;;
    *) break ;;
  esac
done

if [[ $run ]] && (($#)); then
  echo "tests/in_chroot.sh: --run takes no arguments of ctest" >&2
  exit 2
fi

skip() {
  echo "tests on $suite: skipped, $*"
  exit 77
}

# The system itself, with nothing in it.
make_root() {
  local log=$root.log apt=$root.new/etc/apt mirror source
  # Where this machine has Debian's packages from; debootstrap knows a place, too.
  # shellcheck disable=SC2016 # apt-get fills that in
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
    'Origin: Debian' 'Label: Debian' 2>/dev/null | sort -u | head -n 1) || :
  rm -rf "$root.new"
  mkdir -p "$root.new"
  # It mounts things as well.
  unshare --mount debootstrap --variant=minbase "$suite" "$root.new" \
    ${mirror:+"$mirror"} >"$log" 2>&1 || {
    tail -n 5 "$log" >&2
    skip "it can't be had"
  }
  apt-config dump Acquire::http Acquire::https Acquire::Check-Valid-Until \
    >"$apt/apt.conf.d/90machine"
  for source in $experimental; do
    sed "s/ $suite / experimental /" "$apt/sources.list" \
      >"$apt/sources.list.d/experimental.list"
    printf 'Package: src:%s\nPin: release a=experimental\nPin-Priority: 900\n\n' \
      "$source" >>"$apt/preferences.d/experimental"
  done
  mv "$root.new" "$root"
}

# The checkout is /mnt there, and its build/ is a directory of that system.
enter() {
  cd "$root"
  mount -t proc proc proc
  mount --rbind /sys sys
  mount --rbind /dev dev
  mount --bind "$OLDPWD" mnt
  mount --bind srv mnt/build
  unset TMPDIR
  HOME=/root LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    exec chroot . bash -euo pipefail -c 'build_and_test "$@"' bash "$@"
}

build_and_test() {
  local packages=(--test) targets=(all)
  if [[ $label == unit ]]; then
    # Without the simulations, which take minutes unoptimised, and are the same
    # on any system.
    packages=()
    targets=(tests/unit/all)
  fi
  cd /mnt
  if [[ $run ]]; then
    eval "$run"
    return
  fi
  deploy/install-deps.sh "${packages[@]}"
  # Nobody looks at these programs with a debugger.
  cmake --preset debug -DCMAKE_CXX_FLAGS_DEBUG=-O0
  cmake --build --preset debug --target "${targets[@]}"
  ctest --preset debug -L "$label" "$@"
}

((EUID == 0)) || skip "that takes root"
command -v debootstrap >/dev/null || skip "no debootstrap"
unshare --mount true 2>/dev/null || skip "nothing can be mounted here"

# To wait for the disk after each package takes longer than all else.
export DPKG_FORCE=unsafe-io
export label run root=$PWD/build/chroot/$suite${experimental:+-experimental}
[[ -d $root ]] || make_root
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
export -f enter build_and_test
unshare --mount bash -euo pipefail -c 'enter "$@"' bash "$@"
