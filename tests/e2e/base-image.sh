#!/usr/bin/env bash
# Makes the image that deploy/Dockerfile starts from out of Debian's packages,
# for a Docker engine that can reach no registry. Needs root, on Debian.
#
#   tests/e2e/base-image.sh NAME
set -euo pipefail
name=$1
root=$(mktemp -d)
trap 'rm -rf "$root" "$root.log"' EXIT

command -v debootstrap >/dev/null ||
  apt-get install -y -q --no-install-recommends debootstrap >/dev/null
debootstrap --variant=minbase bookworm "$root" >"$root.log" 2>&1 || {
  tail -n 5 "$root.log" >&2
  exit 1
}
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
tar -C "$root" -c . | docker import -c 'CMD ["bash"]' - "$name" >/dev/null
