#include "server/rpc/grpc_workarounds/channel_renewal.h"

#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <stop_token>
#include <utility>

namespace gather::rpc {
namespace {

using async::Clock;

constexpr std::chrono::milliseconds kPeriod(200);
// A channel connects again by itself where all that happened is a restart; and
// a new one that failed to asks for its name again only after a second.
constexpr std::chrono::seconds kPatience(1);
// For one that has not failed yet: a slow name server, a slow handshake.
constexpr std::chrono::seconds kConnectPatience(20);

}  // namespace

ChannelRenewal::ChannelRenewal(std::vector<Watched> channels) {
  for (Watched& watched : channels) {
    entries_.push_back({.watched = std::move(watched),
                        .broken_since = {},
                        .candidate = nullptr,
                        .candidate_since = {}});
  }
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void ChannelRenewal::Run(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  while (!wake.wait_for(lock, stop, kPeriod, [] { return false; }) &&
         !stop.stop_requested()) {
    for (Entry& entry : entries_) {
      try {
        Look(entry, Clock::now());
      } catch (const std::exception&) {
        // No memory, or no thread: the next look may have it.
      }
    }
  }
}

void ChannelRenewal::Look(Entry& entry, Clock::time_point now) {
  const grpc_connectivity_state state =
      entry.watched.current->GetState(entry.watched.keep_connected);
  if (state == GRPC_CHANNEL_READY || state == GRPC_CHANNEL_IDLE) {
    entry.broken = false;
    entry.candidate = nullptr;
    return;
  }
  if (!entry.broken) {
    if (state != GRPC_CHANNEL_TRANSIENT_FAILURE) return;
    entry.broken = true;
    entry.broken_since = now;
  }
  if (now - entry.broken_since < kPatience) return;
  if (entry.candidate == nullptr || IsHopeless(entry, now)) {
    entry.candidate = entry.watched.make();
    entry.candidate_since = now;
  }
  if (entry.candidate->GetState(true) != GRPC_CHANNEL_READY) return;
  entry.watched.current = std::exchange(entry.candidate, nullptr);
  entry.watched.channel.Replace(entry.watched.current);
  entry.broken = false;
}

bool ChannelRenewal::IsHopeless(const Entry& entry, Clock::time_point now) {
  const bool failed =
      entry.candidate->GetState(false) == GRPC_CHANNEL_TRANSIENT_FAILURE;
  return now - entry.candidate_since > (failed ? kPatience : kConnectPatience);
}

}  // namespace gather::rpc
