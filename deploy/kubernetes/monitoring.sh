#!/usr/bin/env bash
# Prints what the Prometheus Operator needs to watch Gather: a PodMonitor, and the
# rules of deploy/prometheus as a PrometheusRule.
#
#   deploy/kubernetes/monitoring.sh | kubectl apply -f -
#
# Operators that choose their objects by a label, such as kube-prometheus-stack by
# release, want that label: kubectl label --local -f - -o yaml release=NAME.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

cat <<'END'
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata:
  name: gather
  namespace: gather
  labels: {app.kubernetes.io/part-of: gather}
spec:
  selector:
    matchLabels: {app.kubernetes.io/part-of: gather}
  podMetricsEndpoints:
    - port: metrics
      interval: 15s
      relabelings:
        # What the rules and the dashboard go by.
        - targetLabel: job
          replacement: gather
        - sourceLabels: [__meta_kubernetes_pod_label_app_kubernetes_io_name]
          targetLabel: service
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: gather
  namespace: gather
  labels: {app.kubernetes.io/part-of: gather}
spec:
END
sed 's/./  &/' ../prometheus/rules.yml
