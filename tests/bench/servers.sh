# Sourced by the scripts here that start servers by themselves: they end with
# the script. `bin` is the directory of the programs; sets `work`, a directory
# that goes with it.
# shellcheck shell=bash disable=SC2034,SC2154

work=$(mktemp -d)
pids=()

clean_up() {
  local pid
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || :; done
  wait
  rm -rf "$work"
}
trap clean_up EXIT

# start NAME COMMAND...: a server; sets port and pid.
start() {
  local name=$1 tries=600
  shift
  rm -f "$work/$name"
  "$@" --listen=127.0.0.1:0 --port_file="$work/$name" 2>"$work/$name.log" &
  pid=$!
  pids+=("$pid")
  until [[ -s $work/$name ]]; do
    if ((tries-- == 0)) || ! kill -0 "$pid" 2>/dev/null; then
      cat "$work/$name.log" >&2
      exit 1
    fi
    sleep 0.05
  done
  port=$(<"$work/$name")
}

# start_backends LATENCY: the bench's; sets targets, the flags that name them.
start_backends() {
  (cd tests/bench && /usr/bin/python3 -B -c \
    'import pathlib, sys; from runner import dataset
dataset.write(pathlib.Path(sys.argv[1]))' "$work")
  targets=()
  local role
  for role in user order product; do
    start "$role" "$bin/backend" --role="$role" --data="$work/$role.json" \
      --latency="$1" --log_level=warning
    targets+=("--${role}_target=127.0.0.1:$port")
  done
}
