#ifndef GATHER_CLIENT_TOUR_BACKENDS_H_
#define GATHER_CLIENT_TOUR_BACKENDS_H_

#include <grpcpp/channel.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "client/tour/report.h"
#include "client/tour/sections.h"
#include "server/aggregator/service.h"
#include "server/backends/faults.h"
#include "server/fanout/policy/backend_policies.h"
#include "server/rpc/server.h"

namespace gather::client::tour {

// More than anything in the tour takes; what ends only by it has failed.
inline constexpr std::chrono::minutes kPatience(2);

// What is wrong with the backends; latencies are those at scale 1.
struct BackendFaults {
  backends::Faults user{.latency = std::chrono::seconds(2)};
  backends::Faults orders{.latency = std::chrono::milliseconds(1500)};
  backends::Faults products{.latency = std::chrono::seconds(1)};
};

// The calls that a backend has ended, as it saw them. Thread: any.
class Witness final : public rpc::CallObserver {
 public:
  void OnEnd(const rpc::ServerCall& call, const grpc::Status& status) override;

  // Waits until so many have ended; fewer where patience runs out.
  std::vector<Span> WaitFor(std::size_t calls);

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  std::vector<Span> spans_;
};

// The user, order and product backends, in this process on ports of loopback,
// each with a loop and a thread of its own.
class Backends {
 public:
  Backends(double scale, const BackendFaults& faults = {});
  ~Backends();
  Backends(const Backends&) = delete;
  Backends& operator=(const Backends&) = delete;

  // Connected.
  const std::shared_ptr<grpc::Channel>& channel(Section section) const;
  Witness& witness(Section section);
  // Calls that the backend has taken in and not ended.
  int64_t in_flight(Section section) const;
  // It is gone from now on.
  void Stop(Section section);

 private:
  class Hosted;
  template <typename Role>
  class HostedRole;
  template <typename Role>
  void Host(typename Role::Table table, const backends::Faults& faults,
            double scale);
  Hosted& hosted(Section section) const;

  std::vector<std::unique_ptr<Hosted>> hosted_;  // in the order of kSections
};

// An aggregator of those backends, in this process too.
class Aggregator {
 public:
  // `policy` is that of all sections, but for their timeout.
  explicit Aggregator(const Backends& backends,
                      fanout::PolicySettings policy = {});

  std::string address() const;
  std::shared_ptr<grpc::Channel> channel() const { return channel_; }

 private:
  aggregator::AggregatorService service_;
  rpc::Server server_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace gather::client::tour

#endif  // GATHER_CLIENT_TOUR_BACKENDS_H_
