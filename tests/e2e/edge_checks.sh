# The checks of run.sh that have compose.edge.yaml in them. Sourced, after
# checks.sh.
# shellcheck shell=bash disable=SC2154 # run.sh sets outside, lib.sh port

edge_is_confined() { are_confined "$(edge_compose ps -q)"; }

# No other port of a container leads anywhere.
edge_is_the_only_way_in() {
  local id
  [[ $(for id in $(edge_compose ps -q); do docker port "$id"; done) == \
    "50051/tcp -> 127.0.0.1:$port" ]]
}

edge_is_scraped() {
  query 'count(up{job="edge"} == 1)' | grep -q '=> 1 ' &&
    query 'haproxy_backend_active_servers{proxy="aggregators"}' |
    grep -q '=> 1 '
}

# Restarts both aggregators, then both edges, while ghz calls the edges.
edge_roll() {
  roll_under_load edge-roll edge "$outside" --set total=9000
}

edge_is_renewed() {
  local before
  before=$(tls_serial)
  readme edge-tls-renew || return 1
  within 10 serial_is_not "$before" && readme tls-call '"complete": true'
}

serial_is_not() { [[ $(tls_serial) != "$1" ]]; }
