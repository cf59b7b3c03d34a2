#!/usr/bin/env bash
# Builds the fuzz targets with Clang and runs each from its corpus.
#
#   tests/fuzz/run.sh [SECONDS]        20 seconds a target, unless named
#
# An input that breaks a rule is left in build/fuzz/ and named; to run it again:
#   build/fuzz/bin/request_fuzz FILE
# What a longer run has found worth keeping goes into the corpus by
#   build/fuzz/bin/request_fuzz -merge=1 tests/fuzz/corpus/request build/fuzz/request
#
# Exit code 77 where there is no Clang to build with.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=deploy/tools.env
source deploy/tools.env

command -v "clang++-$CLANG_VERSION" >/dev/null || {
  echo "fuzz: skipped, no clang++-$CLANG_VERSION"
  exit 77
}
cmake --preset fuzz -DCMAKE_CXX_COMPILER="clang++-$CLANG_VERSION" >/dev/null
cmake --build --preset fuzz --target request_fuzz reply_fuzz
# Where a rule is broken libFuzzer ends with 77, unless told otherwise.
for name in request reply; do
  found=build/fuzz/$name
  mkdir -p "$found"
  "build/fuzz/bin/${name}_fuzz" -max_total_time="${1:-20}" -max_len=4096 \
    -timeout=10 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1 \
    -error_exitcode=1 \
    -artifact_prefix="build/fuzz/$name-" \
    "$found" "tests/fuzz/corpus/$name"
done
