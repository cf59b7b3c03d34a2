#!/usr/bin/env bash
# Makes the stubs of the contender in Python, under build/bench.
#
#   tests/bench/contenders/asyncio/build.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../../.."

out=$PWD/build/bench/asyncio
mkdir -p "$out"
cd proto
protoc --proto_path=. --python_out="$out" --grpc_python_out="$out" \
  --plugin=protoc-gen-grpc_python="$(command -v grpc_python_plugin)" \
  gather/{aggregator,fanout,order,product,user}/v1/*.proto gather/type/v1/*.proto
