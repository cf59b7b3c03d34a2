#!/usr/bin/env bash
# Measures the aggregator against its peers and writes tests/bench/RESULTS.md:
# some 20 minutes on a machine that does nothing else.
#
#   tests/bench/run.sh [--quick | --check | --observed] [--rounds N] [--seconds S]
#                      [--only NAMES]
#
#   --quick     under two minutes once all is built; prints, writes nothing
#   --check     only compares the contenders' answers
#   --observed  only what metrics and logs cost us: 9 minutes; prints,
#               writes nothing
#   --only      contenders beside ours, as floor,go; writes nothing
#
# The contender in Go is left out where there is no Go (https://go.dev/dl).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

case ${1-} in
  -h | --help)
    sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' tests/bench/run.sh
    exit
    ;;
esac

deploy/install-deps.sh --bench
cmake --preset release -DGATHER_BENCH=ON >/dev/null
cmake --build --preset release --target aggregator backend bench
# The contenders in C++ as most are built: with the system's shared libraries.
cmake --preset shared -DGATHER_BENCH=ON >/dev/null
cmake --build --preset shared --target bench_floor bench_callback bench_blocking
tests/bench/contenders/asyncio/build.sh
if command -v go >/dev/null; then tests/bench/contenders/go/build.sh; fi
cd tests/bench
exec /usr/bin/python3 -B -m runner "$@"
