#!/usr/bin/env bash
# Deploys Gather with a real Docker engine and uses it as the pages say:
# compose, grpcurl, ghz; stops, scales and restarts it under load.
#
#   tests/e2e/run.sh [--image NAME]
#
#   --image   an image that is there, instead of building one
#
# One line a check and a table at the end. Leaves no container, network or image
# behind; what the engine caches of the build stays.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

build=true
export GATHER_IMAGE=gather-e2e
if [[ $# == 2 && $1 == --image ]]; then
  build=false
  GATHER_IMAGE=$2
elif (($#)); then
  echo "usage: tests/e2e/run.sh [--image NAME]" >&2
  exit 2
fi
export PROMETHEUS_IMAGE=gather-e2e-prometheus
export EDGE_IMAGE=gather-e2e-edge
export PROMETHEUS_PORT=127.0.0.1:51100
export COMPOSE_PROJECT_NAME=gather-e2e
export GATHER_PORT=127.0.0.1:51051-51099
export PATH=$PWD/build/tools/bin:$PATH
network=${COMPOSE_PROJECT_NAME}_default
outside=${COMPOSE_PROJECT_NAME}_outside
work=$(mktemp -d)
# shellcheck source=tests/e2e/lib.sh
source tests/e2e/lib.sh
# shellcheck source=tests/e2e/checks.sh
source tests/e2e/checks.sh
# shellcheck source=tests/e2e/edge_checks.sh
source tests/e2e/edge_checks.sh
# shellcheck source=tests/e2e/small_container.sh
source tests/e2e/small_container.sh

clean_up() {
  local status=$?
  trap '' INT TERM HUP
  jobs -p | xargs -r kill 2>/dev/null || :
  local left
  mapfile -t left < <(
    docker ps -aq --filter "network=$network" --filter "network=$outside"
  )
  ((${#left[@]} == 0)) || docker rm -f "${left[@]}" >/dev/null 2>&1 || :
  edge_compose down --volumes --remove-orphans >/dev/null 2>&1 || :
  if $build; then docker rmi -f "$GATHER_IMAGE" >/dev/null 2>&1 || :; fi
  docker rmi -f "$PROMETHEUS_IMAGE" "$EDGE_IMAGE" >/dev/null 2>&1 || :
  docker volume rm -f "${COMPOSE_PROJECT_NAME}_prometheus" >/dev/null 2>&1 || :
  rm -rf "$work"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

deploy/install-tools.sh

if $build; then check "image: builds" readme build; fi
((failed == 0)) || summary # there is nothing to go on with
check "image: at most 60 MB over its base" image_is_small
check "image: no compiler, not root" image_is_bare

check "compose: up, as the page says" readme up
find_port
check "compose: every service is healthy" within 120 all_healthy 4
check "compose: read-only, no capabilities, limited" containers_are_confined
check "compose: the aggregator waits for no backend" no_dependencies

check "grpcurl: list" readme list '^gather.aggregator.v1.AggregatorService$'
check "grpcurl: describe" readme describe 'rpc GetOverview'
check "grpcurl: call" readme call '"complete": true'
check "grpcurl: health" readme health '"status": "SERVING"'
check "one trace in the logs of all four services" within 10 trace_is_everywhere
check "gatherctl: overview, in the container" readme gatherctl '^Total time'

check "ghz: complete answers only" readme load
check "ghz: by itself" readme ghz '\[OK\] +500 responses'
check "ghz: 50 to 150 calls a second" load step \
  --set load-end=150 --set total=1200
for service in user order product; do
  check "$service killed under load: no call fails" backend_lost kill "$service"
done
check "order stopped under load: no call fails" backend_lost stop order

check "prometheus: image builds" readme prometheus-image
check "prometheus: up" readme prometheus
check "prometheus: scrapes all four, by the rules" within 60 all_are_scraped
check "prometheus: down" prometheus_goes

check "replicas: three users, two aggregators" readme replicas
check "replicas: all are healthy" within 120 all_healthy 7
check "replicas: the port of one" readme replica-port '"status": "SERVING"'
find_port
check "replicas: every user is called" calls_are_spread
check "replicas: one at a new address is called" replacement_is_called
for round in 1 2; do
  check "rolling restart under load, round $round: no call fails" roll
done

check "100 MB and a quarter of a CPU: refuses, and lives" small_container_lives

check "compose: down" readme down

check "tls: certificates" readme tls-certs
check "tls: up, as the page says" readme tls-up
find_port
check "tls: every service is healthy" within 120 all_healthy 4
check "tls: grpcurl with a certificate" readme tls-call '"complete": true'
check "tls: without, expired, foreign, plaintext: refused" tls_refuses
check "tls: renewed under calls, and no call fails" tls_is_renewed
check "tls: down" readme down

check "edge: image builds" readme edge-image
check "edge: up, as the page says" readme edge-up
find_port edge
check "edge: every service is healthy" within 120 all_healthy 5
check "edge: read-only, no capabilities, limited" edge_is_confined
check "edge: is the only way in" edge_is_the_only_way_in
check "edge: call" readme call '"complete": true'
check "edge: health" readme health '"status": "SERVING"'
check "edge: stream" readme edge-stream '^Total time'
check "edge: load" readme load
check "edge: prometheus" readme edge-prometheus
check "edge: prometheus scrapes it" within 60 edge_is_scraped
check "edge: prometheus down" prometheus_goes
check "edge: two, before two aggregators" readme edge-replicas
check "edge: both are healthy" within 120 all_healthy 7
check "edge: rolling restarts of all under load: no call fails" edge_roll
check "edge: down" readme edge-down
check "edge: up with TLS, as the page says" readme edge-tls-up
find_port edge
check "edge: every service is healthy with TLS" within 120 all_healthy 5
check "edge: TLS: call with a certificate" within 20 readme tls-call \
  '"complete": true'
check "edge: TLS: without, expired, foreign, plaintext: refused" tls_refuses
check "edge: TLS: renewed" edge_is_renewed
check "edge: TLS: down" readme edge-down
check "nothing is left" nothing_left
summary
