#!/usr/bin/env bash
# Builds everything and runs the tests; the exit code is ctest's.
#
#   tests/run.sh [--preset NAME] [--label REGEX] [CTEST ARGUMENT...]
#
#   --preset   release (the default), debug, asan or tsan
#   --label    only the tests with this label: unit, integration, e2e, fuzz or slow
#
# For instance:  tests/run.sh --preset asan --label unit -R log
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

preset=release
selection=()
while (($#)); do
  case $1 in
    --preset | --label)
      (($# > 1)) || {
        echo "tests/run.sh: $1 needs a value" >&2
        exit 2
      }
      if [[ $1 == --preset ]]; then preset=$2; else selection+=(-L "$2"); fi
      shift 2
      ;;
    -h | --help)
      sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' tests/run.sh
      exit
      ;;
    *) break ;;
  esac
done

deploy/install-deps.sh --test
cmake --preset "$preset"
cmake --build --preset "$preset"
exec ctest --preset "$preset" "${selection[@]}" "$@"
