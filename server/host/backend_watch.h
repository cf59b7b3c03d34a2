#ifndef GATHER_SERVER_HOST_BACKEND_WATCH_H_
#define GATHER_SERVER_HOST_BACKEND_WATCH_H_

#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "server/async/clock.h"
#include "server/ops/log/log.h"
#include "server/ops/metrics/metric_families.h"
#include "server/rpc/backend_channel.h"

namespace gather::host {

// Says when a backend goes away and when it is back: a line in the log each,
// and a metric of what is so now. A backend is away once a connection to it has
// failed and none of its replicas has one; it is back with the first that
// works. Whether it then answers well is for the circuit breaker to say.
//
// It looks five times a second: what is shorter than that may pass unseen.
//
// Thread: has one of its own. Lifetime: `logger` outlives it.
class BackendWatch {
 public:
  struct Backend {
    std::string name;
    std::string target;  // as the flag has it
    rpc::BackendChannel channel;
  };

  BackendWatch(std::vector<Backend> backends, ops::Logger& logger);
  BackendWatch(const BackendWatch&) = delete;
  BackendWatch& operator=(const BackendWatch&) = delete;

  // gather_backend_connected, by backend. Thread: any.
  void AddFamilies(ops::MetricFamilies& families) const;

 private:
  struct Entry {
    Backend backend;
    bool connected = false;
    // Set while it is away.
    std::optional<async::Clock::time_point> away_since;
  };

  void Run(const std::stop_token& stop);
  void Look(Entry& entry);

  ops::Logger& logger_;
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;  // guarded by mutex_
  std::jthread thread_;         // last: it uses all of the above
};

}  // namespace gather::host

#endif  // GATHER_SERVER_HOST_BACKEND_WATCH_H_
