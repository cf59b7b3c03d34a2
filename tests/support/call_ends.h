#ifndef GATHER_TESTS_SUPPORT_CALL_ENDS_H_
#define GATHER_TESTS_SUPPORT_CALL_ENDS_H_

#include <grpcpp/support/status.h>

#include <mutex>
#include <string>
#include <vector>

#include "server/rpc/call_observer.h"
#include "server/rpc/stop_cause.h"
#include "tests/support/gate.h"

namespace gather::testing {

// Records what a server's calls came to.
//
//   options.observer = &ends;
//   ...
//   ASSERT_TRUE(ends.counter().WaitFor(1));
//   EXPECT_EQ(ends.Last().code, grpc::StatusCode::OK);
//
// Thread: any. Lifetime: must outlive the server.
class CallEnds final : public rpc::CallObserver {
 public:
  struct End {
    grpc::StatusCode code = grpc::StatusCode::DO_NOT_USE;
    std::string message;
    rpc::StopCause cause = rpc::StopCause::kNone;
  };

  void OnEnd(const rpc::ServerCall& call, const grpc::Status& status) override {
    {
      const std::lock_guard lock(mutex_);
      last_ = {status.error_code(), status.error_message(), call.stop_cause()};
    }
    counter_.Add();
  }

  const EventCounter& counter() const { return counter_; }
  End Last() const {
    const std::lock_guard lock(mutex_);
    return last_;
  }

 private:
  mutable std::mutex mutex_;
  End last_;
  EventCounter counter_;
};

}  // namespace gather::testing

#endif  // GATHER_TESTS_SUPPORT_CALL_ENDS_H_
