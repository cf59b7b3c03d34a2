# A container of 100 MB and a quarter of a CPU, backends that never answer, and
# more calls than it has room for. Sourced.
# shellcheck shell=bash disable=SC2154 # run.sh sets work and network

# start_small NAME ARGUMENT...: what docker run takes.
start_small() {
  docker run -d --init --network "$network" --network-alias "$1" --name "$1" \
    "${@:2}"
}

small_containers_go() {
  docker rm -f small-aggregator small-user small-order small-product
}

call_small() {
  docker run --rm --init --network "$network" --entrypoint /ghz \
    -v "$(command -v ghz):/ghz:ro" "$GATHER_IMAGE" --insecure "$@" \
    --call gather.aggregator.v1.AggregatorService.GetOverview \
    -d '{"user_id": "alice"}' small-aggregator:50051
}

# It refuses what it has no room for, says so, and lives.
small_container_lives() {
  local role state verdict=0
  for role in user order product; do
    start_small "small-$role" "$GATHER_IMAGE" backend "--role=$role" \
      --generated_users=1 --hang_rate=1 --listen=0.0.0.0:50060
  done
  # With its breakers open it would have nothing to do.
  echo '{"defaults": {"sectionTimeout": "10s",
    "circuitBreaker": {"enabled": false}}}' >"$work/policies.json"
  chmod 644 "$work/policies.json"
  start_small small-aggregator -m 100m --cpus 0.25 \
    -v "$work/policies.json:/policies.json:ro" "$GATHER_IMAGE" aggregator \
    --policies=/policies.json \
    --user_target=dns:///small-user:50060 \
    --order_target=dns:///small-order:50060 \
    --product_target=dns:///small-product:50060
  within 20 docker exec small-aggregator gatherctl health
  call_small --rps 480 -c 2000 -n 7200 --connections 4 --timeout 20s \
    >"$work/small" || verdict=1
  grep -E '^ *\[' "$work/small"
  docker logs small-aggregator 2>&1 | grep ' sized ' | sed 's/^/> /'
  state=$(docker inspect -f '{{.State.Running}} {{.State.OOMKilled}}' \
    small-aggregator)
  echo "> running, killed for its memory: $state, at most $(
    docker exec small-aggregator sh -c 'grep VmHWM /proc/[0-9]*/status' |
      sort -k 2 -n | tail -n 1 | awk '{print int($2 / 1024)}') MB"
  [[ $state == "true false" ]] || verdict=1
  grep -q 'ResourceExhausted' "$work/small" || verdict=1
  docker exec small-aggregator gatherctl health || verdict=1
  small_containers_go
  return $verdict
}
