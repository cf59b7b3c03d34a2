#ifndef GATHER_SERVER_OPS_LOG_REPEAT_LIMIT_H_
#define GATHER_SERVER_OPS_LOG_REPEAT_LIMIT_H_

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "server/async/clock.h"

namespace gather::ops {

// Lets so many equal events of a second pass, and counts those that it holds
// back: in an outage every request has the same to say. Asked and told; the
// time is an argument. Of at most 1,024 kinds at a time; more than that pass.
//
// Thread: any.
class RepeatLimit {
 public:
  // 0 lets all pass.
  explicit RepeatLimit(uint32_t per_second) : per_second_(per_second) {}

  // How many of this kind were held back since the last that passed; none where
  // this one is held back, too.
  std::optional<uint64_t> Pass(const std::string& kind,
                               async::Clock::time_point now);

 private:
  struct Kind {
    async::Clock::time_point since;  // when its second began
    uint32_t passed = 0;
    uint64_t held_back = 0;
  };

  // Makes room where there is none. Whether there is.
  bool HasRoom(async::Clock::time_point now);

  const uint32_t per_second_;
  std::mutex mutex_;
  std::unordered_map<std::string, Kind> kinds_;  // guarded by mutex_
};

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_LOG_REPEAT_LIMIT_H_
