#!/usr/bin/env bash
# What is shipped for systemd, as systemd reads it.
#
#   tests/e2e/systemd/unit_test.sh DIRECTORY_OF_PROGRAMS
set -euo pipefail
bin=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
command -v systemd-analyze >/dev/null || {
  echo "skipped: no systemd"
  exit 77
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# It looks for the program.
sed "s#/usr/local/bin/aggregator#$bin/aggregator#" \
  deploy/systemd/gather-aggregator.service >"$work/gather-aggregator.service"
grep -q "^ExecStart=$bin/aggregator " "$work/gather-aggregator.service"
# It warns of what it does not know, and says all the same that it is well.
if ! said=$(systemd-analyze verify --recursive-errors=no \
  "$work/gather-aggregator.service" 2>&1) || [[ $said ]]; then
  echo "$said" >&2
  exit 1
fi
echo "good"
