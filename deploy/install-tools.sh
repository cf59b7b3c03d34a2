#!/usr/bin/env bash
# Installs what calls, loads and watches a server into build/tools/bin: grpcurl,
# ghz, ghz-counted and Jaeger, with Go, and Prometheus, out of Debian's package.
# What is on the PATH already is not installed.
#
#   deploy/install-tools.sh
#   export PATH=$PWD/build/tools/bin:$PATH
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=deploy/tools.env
source deploy/tools.env

export GOBIN=$PWD/build/tools/bin
PATH=$GOBIN:$PATH

# install COMMAND PACKAGE@VERSION
install() {
  command -v "$1" >/dev/null && return
  command -v go >/dev/null || {
    echo "install-tools: $1 needs Go to be installed: https://go.dev/dl" >&2
    exit 1
  }
  echo "Installing $2"
  go install "$2"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# First, as it needs no Go. The programs alone: Debian's package would start a
# server of its own.
if ! command -v promtool >/dev/null && command -v apt-get >/dev/null; then
  echo "Unpacking prometheus"
  mkdir -p "$GOBIN"
  if (cd "$work" && apt-get download -qq prometheus && dpkg -x ./*.deb .); then
    cp "$work"/usr/bin/prom{etheus,tool} "$GOBIN"
  else
    echo "install-tools: prometheus could not be had" >&2
  fi
fi

install grpcurl "github.com/fullstorydev/grpcurl/cmd/grpcurl@v$GRPCURL_VERSION"
install ghz "github.com/bojand/ghz/cmd/ghz@v$GHZ_VERSION"
# Static, as load.py runs it in a container of another image, too.
if ! command -v ghz-counted >/dev/null; then
  echo "Building ghz-counted"
  (cd deploy/ghz/counted && CGO_ENABLED=0 go build -o "$GOBIN/ghz-counted" .)
fi
# Last, since it takes minutes; only tests need it. In a module, as `go install`
# can't: its own replaces others.
if ! command -v jaeger >/dev/null; then
  echo "Building jaeger"
  module=github.com/jaegertracing/jaeger/cmd/jaeger
  if ! (cd "$work" && go mod init tools && go get -tool "$module@v$JAEGER_VERSION" &&
    go build -o "$GOBIN/jaeger" "$module") >"$work/log" 2>&1; then
    tail -n 3 "$work/log" >&2
    echo "install-tools: jaeger could not be had" >&2
  fi
fi
