#ifndef GATHER_TESTS_SOAK_REPLY_CHECK_H_
#define GATHER_TESTS_SOAK_REPLY_CHECK_H_

#include <grpcpp/support/status.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "gather/aggregator/v1/aggregator.pb.h"

namespace gather::soak {

// What the backends have on each user, as they said when nothing was wrong: a
// response whose sections have no status.
using Truth = std::map<std::string, aggregator::v1::GetOverviewResponse>;

// One request, and what came of it.
struct Exchange {
  aggregator::v1::GetOverviewRequest request;
  std::optional<std::chrono::milliseconds> timeout;
  bool cancelled = false;  // by us

  grpc::Status status;
  aggregator::v1::GetOverviewResponse response;
  std::chrono::nanoseconds took{};
};

// What is wrong with it by the rules of an answer; empty where nothing is.
std::string FindFault(const Exchange& exchange, const Truth& truth);

}  // namespace gather::soak

#endif  // GATHER_TESTS_SOAK_REPLY_CHECK_H_
