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
stay=$built/extension/build/stay
# Its sections have flags of their own, as ours have.
"$stay" --help | grep -q -- '--reviews_target=localhost:6003'
"$stay" --check_config

# Tried before its backends are there: a fake of each, from its proto.
work=$(mktemp -d)
pids=()
clean_up() {
  local pid
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || :; done
  wait
  rm -rf "$work"
}
trap clean_up EXIT
cd "$work"
protoc --include_imports --descriptor_set_out=lodging.binpb -I "$here/proto" \
  lodging/backends.proto
# shellcheck disable=SC2016 # the fake fills that in
echo '{"code": "$request.code", "name": "Grand Budapest"}' >hotel.json
echo '{"words": "snow"}' >weather.json
"$prefix/bin/backend" --role=fake --protos=lodging.binpb \
  --replies=lodging.HotelDirectory/Fetch=hotel.json,lodging.Weather/Forecast=weather.json \
  --latency=10ms --listen=127.0.0.1:0 --port_file=backend --log_level=warning &
pids+=($!)
until [[ -s backend ]]; do sleep 0.1; done
fake=127.0.0.1:$(<backend)
"$stay" --hotel_target="$fake" --weather_target="$fake" --rooms_target="$fake" \
  --reviews_target="$fake" --metrics_listen=127.0.0.1:0 \
  --metrics_port_file=metrics --listen=127.0.0.1:0 --port_file=port \
  --log_level=warning &
pids+=($!)
until [[ -s port && -s metrics ]]; do sleep 0.1; done
/usr/bin/python3 -c 'import sys, urllib.request
print(urllib.request.urlopen(sys.argv[1]).read().decode())' \
  "http://127.0.0.1:$(<metrics)/metrics" >scraped
grep -q 'gather_section_results_total{section="reviews",state="ok",reason=""} 0' scraped

ctest --test-dir "$built/extension/build" --output-on-failure
