# The checks of run.sh that are more than a command of a page. Sourced.
# shellcheck shell=bash disable=SC2154 # run.sh sets work and network

image_is_small() {
  local base size over
  base=$(docker image inspect -f '{{.Size}}' \
    "${BASE:-debian:bookworm-slim}") || return 1
  size=$(docker image inspect -f '{{.Size}}' "$GATHER_IMAGE") || return 1
  over=$(((size - base) / 1000000))
  echo "> $((size / 1000000)) MB, $over MB over its base"
  ((over <= 60))
}

image_is_bare() {
  # shellcheck disable=SC2016
  docker run --rm "$GATHER_IMAGE" sh -c '
    for tool in cc gcc g++ c++ clang cmake ninja protoc; do
      ! command -v $tool || exit 1
    done
    [ "$(id -u)" != 0 ]'
}

# all_healthy COUNT: so many containers run, and all are healthy.
all_healthy() {
  local filter="label=com.docker.compose.project=$COMPOSE_PROJECT_NAME"
  [[ $(docker ps -q --filter "$filter" --filter health=healthy | wc -l) == "$1" ]]
}

containers_are_confined() { are_confined "$(compose ps -q)"; }

# are_confined CONTAINERS
are_confined() {
  local id format='{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}}'
  format+=' {{.HostConfig.SecurityOpt}} {{.HostConfig.Init}}'
  for id in $1; do
    docker inspect -f "$format" "$id"
    [[ $(docker inspect -f "$format" "$id") == \
      "true [ALL] [no-new-privileges:true] true" ]] || return 1
    (($(docker inspect -f '{{.HostConfig.Memory}}' "$id") > 0)) || return 1
  done
}

no_dependencies() { ! compose config | grep -q depends_on; }

# load CONFIG [OPTION...]: from this machine.
load() {
  local config=$1
  shift
  deploy/ghz/load.py "deploy/ghz/$config.json" "localhost:$port" "$@"
}

# load_inside CONFIG SERVICE NETWORK [OPTION...]: from one of the project's
# networks.
load_inside() {
  local config=$1 service=$2 from=$3
  shift 3
  deploy/ghz/load.py "deploy/ghz/$config.json" "dns:///$service:50051" \
    --network "$from" --image "$GATHER_IMAGE" "$@"
}

trace_is_everywhere() {
  readme trace && (($(grep -o 'method=[^ ]*' "$work/block" | sort -u | wc -l) == 4))
}

answer_is_complete() {
  grpcurl -plaintext -max-time 5 -d '{"user_id": "alice"}' \
    "localhost:$port" gather.aggregator.v1.AggregatorService/GetOverview |
    grep -q '"complete": true'
}

# called_after CONTAINER: how many ms after its last start was done it had ended
# its first call, by its log. How long the engine takes to start a container is
# not ours. False where it was not called.
called_after() {
  local times
  mapfile -t times < <(docker logs "$1" 2>&1 | awk '
    / serving / { serving = $1; called = "" }
    / method=gather\./ && !called { called = $1 }
    END { if (called) print serving "\n" called }')
  ((${#times[@]} == 2)) || return 1
  echo $(($(date -d "${times[1]}" +%s%3N) - $(date -d "${times[0]}" +%s%3N)))
}

# backend_lost kill|stop SERVICE: takes the backend away in the middle of a load,
# and brings it back.
backend_lost() {
  local id pid back starts
  id=$(container "$2")
  starts=$(docker logs "$id" 2>&1 | grep -c ' serving ')
  load degraded --set total=1400 &
  pid=$!
  sleep 2
  docker "$1" "$id"
  sleep 3
  docker start "$id"
  within 30 started_more_often "$id" "$starts"
  within 10 answer_is_complete
  back=$(called_after "$id")
  echo "> answers again $back ms after its return"
  wait "$pid" && ((back <= 2000))
}

# started_more_often CONTAINER TIMES
started_more_often() {
  (($(docker logs "$1" 2>&1 | grep -c ' serving ') > $2))
}

# calls_of CONTAINER: how many calls its log tells of.
calls_of() { docker logs "$1" 2>&1 | grep -c 'UserService/GetUser' || :; }

calls_are_spread() {
  local pid id
  load healthy --set total=1200 &
  pid=$!
  for id in $(compose ps -q user); do within 12 called_after "$id"; done
  wait "$pid" || return 1
  for id in $(compose ps -q user); do echo "> $(calls_of "$id") calls"; done
}

address_of() {
  docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' \
    "$1"
}

# One of the replicas goes, another comes, and its address is taken meanwhile.
replacement_is_called() {
  local pid before old new took
  before=$(compose ps -q user | sort)
  old=$(head -n 1 <<<"$before")
  local address
  address=$(address_of "$old")
  load healthy --set total=1500 &
  pid=$!
  sleep 2
  docker rm -f "$old"
  docker run -d --rm --init --network "$network" "$GATHER_IMAGE" sleep 120
  compose up -d --no-build --no-recreate --scale user=3 user
  new=$(comm -13 <(echo "$before") <(compose ps -q user | sort))
  within 15 called_after "$new"
  took=$(called_after "$new")
  echo "> $address became $(address_of "$new"), called after $took ms"
  [[ $(address_of "$new") != "$address" ]] || return 1
  wait "$pid" && ((took <= 5000))
}

# replicas_are_healthy SERVICE COUNT
replicas_are_healthy() {
  local id ids
  mapfile -t ids < <(compose ps -q "$1")
  ((${#ids[@]} == $2)) || return 1
  for id in "${ids[@]}"; do
    [[ $(docker inspect -f '{{.State.Health.Status}}' "$id") == healthy ]] ||
      return 1
  done
}

# Restarts both aggregators while ghz calls the name that they share.
roll() { roll_under_load roll aggregator "$network"; }

# roll_under_load BLOCK SERVICE NETWORK [OPTION...]: the block of a page while
# ghz calls the service from that network.
roll_under_load() {
  local pid verdict=0 restarts=$1
  shift
  load_inside rolling "$@" &
  pid=$!
  sleep 3
  readme "$restarts" || verdict=1
  kill -0 "$pid" || {
    echo "the load was over before the last restart"
    verdict=1
  }
  wait "$pid" && ((verdict == 0))
}

nothing_left() {
  local filter="label=com.docker.compose.project=$COMPOSE_PROJECT_NAME"
  [[ -z $(docker ps -aq --filter "$filter") ]] &&
    [[ -z $(docker network ls -q --filter "$filter") ]] &&
    [[ -z $(docker volume ls -q --filter "$filter") ]]
}

# tls_health DIRECTORY: grpcurl with that client's certificate.
tls_health() {
  grpcurl -max-time 5 -cacert build/tls/client/ca.crt -cert "$1/tls.crt" \
    -key "$1/tls.key" "localhost:$port" grpc.health.v1.Health/Check
}

# Each that must not be served, and after it one that must.
tls_refuses() {
  local foreign=$work/foreign
  deploy/tls/make-certs.sh build/tls --expired expired
  deploy/tls/make-certs.sh "$foreign" client
  ! tls_health build/tls/expired || return 1
  tls_health build/tls/client || return 1
  ! tls_health "$foreign/client" || return 1
  tls_health build/tls/client || return 1
  ! grpcurl -max-time 5 -cacert build/tls/client/ca.crt "localhost:$port" \
    grpc.health.v1.Health/Check || return 1
  ! grpcurl -max-time 5 -plaintext "localhost:$port" \
    grpc.health.v1.Health/Check || return 1
  ! openssl s_client -connect "localhost:$port" -alpn h2 -quiet \
    -verify_quiet < <(sleep 5) || return 1
  tls_health build/tls/client
}

tls_serial() {
  openssl s_client -connect "localhost:$port" -alpn h2 \
    -cert build/tls/client/tls.crt -key build/tls/client/tls.key </dev/null |
    openssl x509 -noout -serial
}

# Calls go on, each over a connection of its own, until the new certificate is
# shown, and a little longer.
tls_is_renewed() {
  local before calls=0 end=0
  before=$(tls_serial)
  deploy/tls/make-certs.sh build/tls aggregator user order product
  while ((end == 0 || SECONDS < end)); do
    readme tls-call '"complete": true' >/dev/null || return 1
    ((++calls))
    ((calls < 500)) || return 1
    [[ $end != 0 || $(tls_serial) == "$before" ]] || end=$((SECONDS + 3))
  done
  echo "> $calls calls"
}

# query EXPRESSION: of Prometheus.
query() {
  local prometheus
  prometheus=$(docker ps -q \
    --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME" \
    --filter label=com.docker.compose.service=prometheus)
  docker exec "$prometheus" promtool query instant http://localhost:9090 "$1"
}

# Prometheus has all four services, and what its rules make of their figures.
all_are_scraped() {
  query 'count(up == 1)' | grep -q '=> 4 ' &&
    query 'count(gather:section_failures:ratio_rate5m)' | grep -q '=> 4 '
}

prometheus_goes() {
  readme prometheus-down &&
    docker volume rm "${COMPOSE_PROJECT_NAME}_prometheus"
}
