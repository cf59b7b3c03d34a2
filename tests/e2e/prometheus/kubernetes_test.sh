#!/usr/bin/env bash
# The rules that Kubernetes is given are those that are shipped, all of them.
#
#   tests/e2e/prometheus/kubernetes_test.sh PROMTOOL
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

rules=$(mktemp --suffix=.yml)
trap 'rm -f "$rules"' EXIT
deploy/kubernetes/monitoring.sh |
  sed -n '/^kind: PrometheusRule/,$p' | sed -n '/^spec:/,$p' |
  sed -e 1d -e 's/^  //' >"$rules"

found() {
  "$1" check rules "$2" | grep -o '[0-9]* rules found'
}
given=$(found "$1" "$rules")
shipped=$(found "$1" deploy/prometheus/rules.yml)
echo "given: $given, shipped: $shipped"
[[ $given == "$shipped" ]]
