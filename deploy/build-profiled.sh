#!/usr/bin/env bash
# Builds the programs, and gRPC, Protobuf and Abseil below them, with
# profile-guided optimisation: once instrumented, to run the bench's load, and once
# with that profile. Some 40 minutes on two cores. Needs what
# deploy/install-deps.sh --profile installs, and root, for apt-get.
#
#   deploy/build-profiled.sh DIRECTORY
#
# The programs are in DIRECTORY/bin then; the rest of it can go. They run where
# they were built, or with what deploy/Dockerfile installs for those that run:
# --build-arg LIBRARIES=profiled makes an image of them.
#
# What it is worth: server/decisions/0035-libraries-from-source.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if (($# != 1)) || [[ $1 != /* ]]; then
  echo "usage: deploy/build-profiled.sh DIRECTORY, an absolute path" >&2
  exit 2
fi
directory=$1
mkdir -p "$directory"/{bin,libraries}

# build LTO FLAGS TARGET...: the libraries, and these programs, in the same place
# each time, since a profile stands beside what it was counted in.
build() {
  local lto=$1 flags=$2
  shift 2
  deploy/build-libraries.sh --work="$directory/libraries" --flags="$flags" \
    --lto="$lto" "$directory/prefix"
  rm -f "$directory/programs/CMakeCache.txt"
  cmake --preset release -B "$directory/programs" -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_PREFIX_PATH="$directory/prefix" -DCMAKE_CXX_FLAGS="$flags" \
    -DCMAKE_INTERPROCEDURAL_OPTIMIZATION="$lto" \
    -DCCACHE=OFF -DGATHER_WERROR=OFF -DBUILD_TESTING=OFF \
    -DGATHER_BENCH=ON
  cmake --build "$directory/programs" --target "$@"
}

# Answers of all sizes, one at a time and many; what is counted is written when
# the servers end, which they do with the subshell.
run_load() (
  bin=$directory/programs/bin
  # shellcheck source=tests/bench/servers.sh
  source tests/bench/servers.sh
  start_backends 0
  # Programs that count are slow.
  start aggregator "$bin/aggregator" --log_level=warning --metrics_listen= \
    --section_timeout=20s --total_timeout=20s "${targets[@]}"
  for size in small medium large; do
    for in_flight in 1 16 64; do
      said=$("$bin/bench_load" --target="127.0.0.1:$port" --user_id="$size" \
        --in_flight="$in_flight" --duration=5s --timeout=20s)
      if [[ $said != *'"errors": 0, "wrong": 0'* ]]; then
        echo "the load failed: $said" >&2
        exit 1
      fi
    done
  done
)

programs=(aggregator backend gatherctl)
build off "-fprofile-generate -fprofile-update=prefer-atomic" \
  "${programs[@]}" bench_load
run_load
build on "-fprofile-use -fprofile-correction -Wno-missing-profile \
-Wno-coverage-mismatch" "${programs[@]}"
install -s -t "$directory/bin" "${programs[@]/#/$directory/programs/bin/}"
