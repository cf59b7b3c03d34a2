#include "server/host/backend_watch.h"

#include <chrono>
#include <condition_variable>
#include <exception>
#include <stop_token>
#include <utility>

#include "absl/time/time.h"

namespace gather::host {
namespace {

using async::Clock;

constexpr std::chrono::milliseconds kPeriod(200);

}  // namespace

BackendWatch::BackendWatch(std::vector<Backend> backends, ops::Logger& logger)
    : logger_(logger) {
  for (Backend& backend : backends) {
    entries_.push_back({.backend = std::move(backend), .away_since = {}});
  }
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void BackendWatch::AddFamilies(ops::MetricFamilies& families) const {
  prometheus::MetricFamily family = ops::GaugeFamily(
      "gather_backend_connected",
      "1 where a replica of the backend is connected, else 0.");
  const std::lock_guard lock(mutex_);
  for (const Entry& entry : entries_) {
    ops::AddSample(family, {{"backend", entry.backend.name}},
                   entry.connected ? 1 : 0);
  }
  families.push_back(std::move(family));
}

void BackendWatch::Run(const std::stop_token& stop) {
  std::condition_variable_any wake;
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    for (Entry& entry : entries_) {
      try {
        Look(entry);
      } catch (const std::exception&) {
        // No memory for the line.
      }
    }
    wake.wait_for(lock, stop, kPeriod, [] { return false; });
  }
}

void BackendWatch::Look(Entry& entry) {
  const grpc_connectivity_state state =
      entry.backend.channel.Get()->GetState(/*try_to_connect=*/false);
  const std::string_view name = entry.backend.name;
  const std::string_view target = entry.backend.target;
  if (state == GRPC_CHANNEL_READY) {
    entry.connected = true;
    if (!entry.away_since) return;
    logger_.Log(ops::LogLevel::kInfo, "backend is back",
                {{"backend", name},
                 {"target", target},
                 {"away", absl::FromChrono(Clock::now() - *entry.away_since)}});
    entry.away_since.reset();
  } else if (state == GRPC_CHANNEL_TRANSIENT_FAILURE) {
    entry.connected = false;
    if (entry.away_since) return;
    entry.away_since = Clock::now();
    logger_.Log(ops::LogLevel::kWarning, "backend is away",
                {{"backend", name}, {"target", target}});
  }
  // Else it connects, or rests: what was so still is, until that has ended.
}

}  // namespace gather::host
