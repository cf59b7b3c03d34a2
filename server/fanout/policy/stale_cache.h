#ifndef GATHER_SERVER_FANOUT_POLICY_STALE_CACHE_H_
#define GATHER_SERVER_FANOUT_POLICY_STALE_CACHE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "server/async/clock.h"

namespace gather::fanout {

// Whether a section that fails is answered from the last good reply: stale-if-
// error, RFC 5861, section 4.
struct StaleAnswerSettings {
  bool enabled = false;
  // What is older is no answer.
  async::Clock::duration max_stale = std::chrono::minutes(5);
  // What is kept, for the section and the whole process. Bytes are those of
  // replies and keys, and kEntryBytes for each.
  int max_entries = 100'000;
  int max_bytes = 64 << 20;
};

struct StaleCacheTotals {
  std::size_t entries = 0;
  std::size_t bytes = 0;
  uint64_t hits = 0;
  uint64_t misses = 0;
};

// The last good replies of one section, as bytes, by who asked for what
// (reuse/reply_key.h). Over its bounds those go first that were not used for
// the longest time, and any that are too old. Memory is that of what is in it:
// none is set aside.
//
// One for all loops, and so with a lock: a caller's next request comes on any
// of them. Held for a look-up and the moving of some pointers; replies are
// copied, made and freed outside it.
//
// Thread: any. The time is an argument, and never goes back.
class StaleCache {
 public:
  // What an entry takes besides its texts: a node of the list, a slot of the
  // map, a reference count, and what malloc adds.
  static constexpr std::size_t kEntryBytes = 256;

  struct Found {
    std::shared_ptr<const std::string> reply;
    async::Clock::duration age;
  };

  explicit StaleCache(const StaleAnswerSettings& settings)
      : settings_(settings) {}
  StaleCache(const StaleCache&) = delete;
  StaleCache& operator=(const StaleCache&) = delete;

  // Keeps `reply`, in place of an earlier one. One that alone is over the bound
  // is not kept.
  void Put(std::string key, std::string reply, async::Clock::time_point now);

  // None that is older than `max_age`, or than the settings allow.
  std::optional<Found> Find(std::string_view key,
                            async::Clock::duration max_age,
                            async::Clock::time_point now);

  void Erase(std::string_view key);

  StaleCacheTotals totals() const;

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<const std::string> reply;
    async::Clock::time_point at;

    std::size_t bytes() const {
      return kEntryBytes + key.size() + reply->size();
    }
  };
  using Entries = std::list<Entry>;

  // All need mutex_. What goes is moved to `gone`, to be freed without it.
  void Remove(Entries::iterator entry, Entries& gone);
  void Trim(async::Clock::time_point now, Entries& gone);
  bool OverBounds() const;

  const StaleAnswerSettings settings_;
  mutable std::mutex mutex_;
  Entries entries_;  // guarded by mutex_, as what follows; the last used first
  absl::flat_hash_map<std::string_view, Entries::iterator> by_key_;
  std::size_t bytes_ = 0;
  uint64_t hits_ = 0;
  uint64_t misses_ = 0;
};

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_POLICY_STALE_CACHE_H_
