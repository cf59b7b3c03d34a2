#!/usr/bin/env bash
# Makes the stubs and builds the contender in Go, all of it under build/bench:
# the stubs are not kept.
#
#   tests/bench/contenders/go/build.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../../.."
# shellcheck source=deploy/tools.env
source deploy/tools.env

out=$PWD/build/bench/go
export GOBIN=$PWD/build/tools/bin
mkdir -p "$out/gen"

# install COMMAND PACKAGE VERSION
install() {
  # One of them writes its version with a v.
  [[ $("$GOBIN/$1" --version 2>/dev/null) == *[\ v]"$3" ]] && return
  echo "Installing $2@v$3"
  go install "$2@v$3"
}
install protoc-gen-go google.golang.org/protobuf/cmd/protoc-gen-go \
  "$PROTOC_GEN_GO_VERSION"
install protoc-gen-go-grpc google.golang.org/grpc/cmd/protoc-gen-go-grpc \
  "$PROTOC_GEN_GO_GRPC_VERSION"

cd proto
protos=(gather/{aggregator,fanout,order,product,user}/v1/*.proto gather/type/v1/*.proto)
options=()
for proto in "${protos[@]}"; do
  options+=("--go_opt=M$proto=gather/bench/gen/${proto%/*}"
    "--go-grpc_opt=M$proto=gather/bench/gen/${proto%/*}")
done
PATH=$GOBIN:$PATH protoc --proto_path=. \
  --go_out="$out" --go_opt=module=gather/bench \
  --go-grpc_out="$out" --go-grpc_opt=module=gather/bench \
  "${options[@]}" "${protos[@]}"
cp ../tests/bench/contenders/go/{main.go,go.mod,go.sum} "$out/"
cd "$out"
go build -o ../bench_go .
