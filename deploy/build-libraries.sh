#!/usr/bin/env bash
# Builds gRPC, Protobuf and Abseil from Debian's own sources: without the
# assertions that its packages have, and for optimisation at link time. Some 15
# minutes on two cores. Needs what deploy/install-deps.sh installs, and root, for
# apt-get.
#
#   deploy/build-libraries.sh [--work=DIRECTORY] [--flags=FLAGS] [--lto=on|off] PREFIX
#   cmake --preset release -DCMAKE_PREFIX_PATH=PREFIX \
#     -DCMAKE_INTERPROCEDURAL_OPTIMIZATION=ON
#
#   --work   build here, not in a temporary directory; sources that are already
#            unpacked are kept and built again
#   --flags  more flags for the compiler: see build-profiled.sh
#   --lto    link-time optimisation; on by default
#
# What it is worth: server/decisions/0035-libraries-from-source.md.
set -euo pipefail

flags="-O2 -DNDEBUG"
lto=ON
work=
while [[ ${1-} == --* ]]; do
  case $1 in
    --work=/*) work=${1#*=} ;;
    --flags=*) flags+=" ${1#*=}" ;;
    --lto=on) lto=ON ;;
    --lto=off) lto=OFF ;;
    *) break ;;
  esac
  shift
done
if (($# != 1)) || [[ $1 != /* ]]; then
  echo "usage: deploy/build-libraries.sh [--work=DIRECTORY] [--flags=FLAGS]" \
    "[--lto=on|off] PREFIX, absolute paths" >&2
  exit 2
fi
prefix=$1
if [[ -z $work ]]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
fi

# Sources come from where packages come from. An index of their own leaves the
# system's as it is; they are signed by keys that apt trusts for all.
apt=(apt-get -qq -o "Dir::Etc::SourceList=$work/sources.list"
  -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$work/lists"
  -o APT::Sandbox::User=root)
mkdir -p "$work/lists"
# Also for indextargets, which knows only what was fetched.
apt-get -qq update
# shellcheck disable=SC2016 # apt-get's own variables
apt-get indextargets --format 'deb-src $(REPO_URI) $(RELEASE) $(COMPONENT)' \
  'Created-By: Packages' | sort -u >"$work/sources.list"
command -v dpkg-source >/dev/null ||
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y \
    --no-install-recommends dpkg-dev >/dev/null
"${apt[@]}" update

# unpack PACKAGE DIRECTORY: the source of an installed package, of just that
# version, with Debian's patches.
unpack() {
  local source
  [[ ! -d $work/$2 ]] || return 0
  source=$(dpkg-query -W -f='${source:Package}=${source:Version}' "$1")
  (cd "$work" && "${apt[@]}" source "$source" >/dev/null)
  mv "$work/${source%%=*}"-*/ "$work/$2"
}

# build DIRECTORY TARGETS FLAG...: builds those, space-separated, and installs
# all that is built.
build() {
  local directory=$work/$1 targets=$2 file
  shift 2
  rm -f "$directory/out/CMakeCache.txt" # which remembers another prefix
  cmake -S "$directory" -B "$directory/out" -G Ninja \
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_STANDARD=17 \
    -DCMAKE_C_FLAGS_RELEASE="$flags" -DCMAKE_CXX_FLAGS_RELEASE="$flags" \
    -DCMAKE_INTERPROCEDURAL_OPTIMIZATION="$lto" \
    -DCMAKE_POLICY_DEFAULT_CMP0069=NEW \
    -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_INSTALL_PREFIX="$prefix" \
    -DCMAKE_INSTALL_LIBDIR=lib "$@" >/dev/null
  # shellcheck disable=SC2086 # targets are words
  cmake --build "$directory/out" --target $targets
  # gRPC installs more, such as its variant without TLS, which nothing links: in
  # the place of what was not built, empty archives.
  find "$directory/out" -name cmake_install.cmake -exec \
    sed -n 's/.*file(INSTALL .* FILES "\(.*\.a\)".*/\1/p' {} + |
    while read -r file; do
      [[ -e $file ]] || ar rc "$file"
    done
  cmake --install "$directory/out" >/dev/null
}

unpack libabsl-dev abseil
unpack libprotobuf-dev protobuf
unpack libgrpc++-dev grpc
build abseil all -DABSL_PROPAGATE_CXX_STD=OFF
build protobuf "libprotobuf protoc" -Dprotobuf_BUILD_TESTS=OFF
build grpc "grpc++ grpc++_reflection grpcpp_channelz grpc_cpp_plugin" \
  -DgRPC_BUILD_TESTS=OFF -DgRPC_BUILD_CSHARP_EXT=OFF \
  -DgRPC_{ABSL,CARES,PROTOBUF,RE2,SSL,ZLIB}_PROVIDER=package \
  -DgRPC_BUILD_GRPC_{CSHARP,NODE,OBJECTIVE_C,PHP,PYTHON,RUBY}_PLUGIN=OFF
