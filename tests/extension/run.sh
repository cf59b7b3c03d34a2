#!/usr/bin/env bash
# Installs a build of Gather into a prefix of its own, builds this project on it
# as somebody else would, and runs its tests.
#
#   tests/extension/run.sh BUILD_DIRECTORY [CMAKE ARGUMENT...]
#
# The prefix and the build stay in BUILD_DIRECTORY/extension.
set -euo pipefail
(($#)) || {
  echo "usage: tests/extension/run.sh BUILD_DIRECTORY [CMAKE ARGUMENT...]" >&2
  exit 2
}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
built=$(cd "$1" && pwd)
shift
prefix=$built/extension/prefix

rm -rf "$prefix"
cmake --install "$built" --prefix "$prefix" >/dev/null
cmake -S "$here" -B "$built/extension/build" -G Ninja \
  -DCMAKE_PREFIX_PATH="$prefix" "$@"
cmake --build "$built/extension/build"
# Its sections have flags of their own, as ours have.
"$built/extension/build/stay" --help | grep -q -- '--reviews_target=localhost:6003'
"$built/extension/build/stay" --check_config
ctest --test-dir "$built/extension/build" --output-on-failure
