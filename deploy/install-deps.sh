#!/usr/bin/env bash
# Installs the packages that Gather is built from, on Debian 12 or 13 or Ubuntu
# 24.04. Where they are all there it does nothing, and needs no network.
#
#   deploy/install-deps.sh [--test | --bench | --profile]
#
#   --test     what the tests and the checks of the source need as well
#   --bench    and what tests/bench needs, Go aside
#   --profile  what build-profiled.sh needs
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/tools.env
source "$here/tools.env"

packages=(
  g++ cmake ninja-build pkg-config
  protobuf-compiler protobuf-compiler-grpc libprotobuf-dev
  libgrpc++-dev libabsl-dev libssl-dev prometheus-cpp-dev
  libmicrohttpd-dev libjemalloc-dev
  libgtest-dev libgmock-dev nlohmann-json3-dev # the tests are part of the build
  openssl # deploy/tls/make-certs.sh
)
# haproxy's own service listens on nothing.
test_packages=(git haproxy iproute2 iptables python3 python3-hpack shellcheck)
# That not every release has, of this version or at all: installed where there is
# one. Ubuntu has Chromium only as a snap.
versioned_packages=(
  chromium # opens the page of gatherctl tour; 600 MB with what it needs
  "clang-format-$CLANG_FORMAT_VERSION"
  "clang-$CLANG_VERSION" "libclang-rt-$CLANG_VERSION-dev" # fuzzing
)
load_packages=(libbenchmark-dev libnghttp2-dev python3)
bench_packages=(
  "${load_packages[@]}" python3-grpcio python3-protobuf valgrind
)

die() {
  echo "install-deps: $*" >&2
  exit 1
}

installed() {
  [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

available() {
  apt-cache show "$1" >/dev/null 2>&1
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "run this as root, or install sudo. It would install: ${missing[*]}"
  fi
}

find_missing() {
  missing=()
  local package
  for package in "${packages[@]}"; do
    installed "$package" || missing+=("$package")
  done
  $testing || return 0
  for package in "${test_packages[@]}"; do
    installed "$package" || missing+=("$package")
  done
  for package in "${versioned_packages[@]}"; do
    if ! installed "$package" && available "$package"; then
      missing+=("$package")
    fi
  done
}

testing=false
case "$#:${1-}" in
  0:) ;;
  1:--test) testing=true ;;
  1:--bench)
    testing=true
    test_packages+=("${bench_packages[@]}")
    ;;
  1:--profile) packages+=("${load_packages[@]}") ;;
  *) die "usage: deploy/install-deps.sh [--test | --bench | --profile]" ;;
esac

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  if $testing; then
    packages+=("${test_packages[@]}" "${versioned_packages[@]}")
  fi
  die "this system has no apt-get. Install what it calls these packages of" \
    "Debian's: ${packages[*]}"
fi

find_missing
((${#missing[@]})) || exit 0

as_root apt-get update -qq
find_missing # again: only now is it known what is available
echo "Installing ${missing[*]}"
as_root env DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes \
  apt-get install -qq -y --no-install-recommends \
  -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120 \
  "${missing[@]}" >/dev/null
