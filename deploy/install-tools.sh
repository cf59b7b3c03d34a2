#!/usr/bin/env bash
# Installs the tools that call and load a server, grpcurl and ghz, into
# build/tools/bin, with Go. What is on the PATH already is not installed.
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

install grpcurl "github.com/fullstorydev/grpcurl/cmd/grpcurl@v$GRPCURL_VERSION"
install ghz "github.com/bojand/ghz/cmd/ghz@v$GHZ_VERSION"
