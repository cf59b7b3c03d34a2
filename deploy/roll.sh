#!/usr/bin/env bash
# Restarts a service of compose.yaml, one replica after the other: calls go to
# those that run.
#
#   deploy/roll.sh [SERVICE]        aggregator, unless another is named, or the
#                                   edge of compose.edge.yaml
#
# Needs two replicas or more, behind a name that clients resolve to all of them.
# Between two restarts it waits until the new one is healthy, and then for
# $SETTLE more seconds (15), in which clients find it: gRPC's back-off grows
# while a server is away.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

service=${1:-aggregator}

compose() {
  local files=(-f deploy/compose.yaml -f deploy/compose.edge.yaml)
  if docker compose version >/dev/null 2>&1; then
    docker compose "${files[@]}" "$@"
  else
    docker-compose "${files[@]}" "$@"
  fi
}

healthy() {
  [[ $(docker inspect -f '{{.State.Health.Status}}' "$1") == healthy ]]
}

mapfile -t replicas < <(compose ps -q "$service")
((${#replicas[@]} > 1)) || {
  echo "roll: $service has ${#replicas[@]} replica; 2 are needed" >&2
  exit 1
}
for i in "${!replicas[@]}"; do
  ((i == 0)) || sleep "${SETTLE:-15}"
  docker stop -t 25 "${replicas[i]}" >/dev/null
  docker start "${replicas[i]}" >/dev/null
  deadline=$((SECONDS + 120))
  until healthy "${replicas[i]}"; do
    ((SECONDS < deadline)) || {
      echo "roll: ${replicas[i]} does not become healthy" >&2
      exit 1
    }
    sleep 0.2
  done
  echo "restarted $(docker inspect -f '{{.Name}}' "${replicas[i]}" | tr -d /)"
done
