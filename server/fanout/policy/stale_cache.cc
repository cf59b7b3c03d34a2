#include "server/fanout/policy/stale_cache.h"

#include <algorithm>
#include <utility>

namespace gather::fanout {

using async::Clock;

void StaleCache::Put(std::string key, std::string reply,
                     Clock::time_point now) {
  // Exact, as bytes() is: a text that grew has room to spare.
  key.shrink_to_fit();
  reply.shrink_to_fit();
  // All that is allocated or freed is so outside of the lock, but for the map.
  Entries one;
  Entries gone;
  one.push_back({std::move(key),
                 std::make_shared<const std::string>(std::move(reply)), now});
  const std::string_view name = one.front().key;
  const std::lock_guard lock(mutex_);
  const auto known = by_key_.find(name);
  if (known != by_key_.end()) Remove(known->second, gone);
  if (one.front().bytes() > static_cast<std::size_t>(settings_.max_bytes)) {
    return;
  }
  by_key_.emplace(name, one.begin());
  bytes_ += one.front().bytes();
  entries_.splice(entries_.begin(), one);
  Trim(now, gone);
}

std::optional<StaleCache::Found> StaleCache::Find(std::string_view key,
                                                  Clock::duration max_age,
                                                  Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  const auto known = by_key_.find(key);
  const bool hit =
      known != by_key_.end() &&
      now - known->second->at <= std::min(max_age, settings_.max_stale);
  ++(hit ? hits_ : misses_);
  if (!hit) return std::nullopt;
  const Entries::iterator entry = known->second;
  entries_.splice(entries_.begin(), entries_, entry);
  return Found{.reply = entry->reply, .age = now - entry->at};
}

void StaleCache::Erase(std::string_view key) {
  Entries gone;
  const std::lock_guard lock(mutex_);
  const auto known = by_key_.find(key);
  if (known != by_key_.end()) Remove(known->second, gone);
}

StaleCacheTotals StaleCache::totals() const {
  const std::lock_guard lock(mutex_);
  return {.entries = entries_.size(),
          .bytes = bytes_,
          .hits = hits_,
          .misses = misses_};
}

void StaleCache::Remove(Entries::iterator entry, Entries& gone) {
  by_key_.erase(entry->key);
  bytes_ -= entry->bytes();
  gone.splice(gone.begin(), entries_, entry);
}

void StaleCache::Trim(Clock::time_point now, Entries& gone) {
  const auto is_of_use = [&](const Entry& entry) {
    return now - entry.at <= settings_.max_stale;
  };
  while (!entries_.empty() && (OverBounds() || !is_of_use(entries_.back()))) {
    Remove(std::prev(entries_.end()), gone);
  }
}

bool StaleCache::OverBounds() const {
  return bytes_ > static_cast<std::size_t>(settings_.max_bytes) ||
         entries_.size() > static_cast<std::size_t>(settings_.max_entries);
}

}  // namespace gather::fanout
