# What run.sh is made of: checks with a table at the end, commands from the pages of
# the documentation, and waiting. Sourced.
# shellcheck shell=bash disable=SC2154 # run.sh sets work and network

results=() # "ok|FAILED seconds title", in the order of the checks
failed=0
port=

# check TITLE COMMAND...: one line; what the command prints only if it fails.
check() {
  local title=$1 start=$SECONDS verdict=ok
  shift
  printf '%-58s ' "$title"
  if ! "$@" >"$work/output" 2>&1 </dev/null; then
    verdict=FAILED
    ((++failed))
  fi
  printf '%-7s %4d s\n' "$verdict" $((SECONDS - start))
  if [[ $verdict == FAILED ]]; then
    tail -n 40 "$work/output" | sed 's/^/    /' >&2
  else
    # Figures, and what a run is to be judged by.
    grep -hE '^(calls=|> )' "$work/output" | sed 's/^> //; s/^/    /' || :
  fi
  results+=("$verdict $((SECONDS - start)) $title")
}

# Prints the table; false where a check failed.
summary() {
  echo
  printf '%s\n' "result  seconds  check" "------  -------  -----"
  local result
  for result in "${results[@]}"; do
    local verdict=${result%% *} rest=${result#* }
    printf '%-6s  %7d  %s\n' "$verdict" "${rest%% *}" "${rest#* }"
  done
  echo
  echo "$((${#results[@]} - failed)) passed, $failed failed, in $SECONDS s"
  ((failed == 0))
}

# within SECONDS COMMAND...: runs the command until it is true, or fails.
within() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || {
      echo "not within the time: $*"
      return 1
    }
    sleep 0.1
  done
}

# The commands of a block of one of the pages, with this run's image and ports.
block() {
  python3 -B tests/docs/pages.py block "$1" |
    sed -e "s/localhost:50051/localhost:$port/" \
      -e "s/-t gather /-t $GATHER_IMAGE /" \
      -e "s/-t gather-prometheus /-t $PROMETHEUS_IMAGE /" \
      -e "s/-t gather-edge /-t $EDGE_IMAGE /" \
      -e "/^export GATHER_PORT=/d"
}

# readme BLOCK [REGEX]: runs a block; what it prints must match.
readme() {
  local commands
  commands=$(block "$1") || return 1
  echo "$commands"
  bash -euo pipefail -c "$commands" >"$work/block" 2>&1 || {
    cat "$work/block"
    return 1
  }
  cat "$work/block"
  [[ -z ${2-} ]] || grep -qE "$2" "$work/block"
}

# Where "docker compose" is docker-compose, as deploy/README.md has it.
eval "$(block compose-command)"
if declare -F docker >/dev/null; then export -f docker; fi

compose() { docker compose -f deploy/compose.yaml "$@"; }

edge_compose() { compose -f deploy/compose.edge.yaml "$@"; }

# The container of a service's only replica.
container() { compose ps -q "$1" | head -n 1; }

# find_port [SERVICE]: the port of this machine that leads to an aggregator, or to
# its edge.
find_port() {
  port=$(edge_compose port "${1:-aggregator}" 50051)
  port=${port##*:}
}
