#ifndef GATHER_TESTS_SUPPORT_FAKE_COLLECTOR_H_
#define GATHER_TESTS_SUPPORT_FAKE_COLLECTOR_H_

#include <grpcpp/server.h>
#include <grpcpp/support/status.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h"
#include "tests/support/gate.h"
#include "tests/support/socket.h"

namespace gather::testing {

// A collector of OpenTelemetry on a socket of its own that keeps what it is
// sent and answers as the test says. Built on gRPC's callback API and on the
// protos, and so on none of the code under test.
//
// Thread: the test's.
class FakeCollector {
 public:
  using Request =
      opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
  using Span = opentelemetry::proto::trace::v1::Span;

  // How it answers: OK, where nothing else is said.
  struct Answer {
    grpc::Status status = {};
    int64_t rejected = 0;  // of the batch's spans
    bool never = false;    // until the call is cancelled
  };

  // Down, with a port of its own that nobody listens on.
  FakeCollector();
  ~FakeCollector();
  FakeCollector(const FakeCollector&) = delete;
  FakeCollector& operator=(const FakeCollector&) = delete;

  void Start();
  void Stop();
  // "127.0.0.1:12345", the same up or down.
  std::string address() const;

  // The nth call from now on is met with the nth answer, and what comes after
  // the last with the last.
  void SetScript(std::vector<Answer> script);

  // Calls that arrived.
  const EventCounter& calls() const { return calls_; }
  // Their requests, those that failed included.
  std::vector<Request> requests() const;
  // The spans of all of them.
  std::vector<Span> spans() const;
  // One such span, as soon as it is there; none, and the test fails, where that
  // takes too long.
  std::optional<Span> WaitForSpan(
      const std::function<bool(const Span&)>& wanted) const;

 private:
  class Service;

  // A call's part: keeps the request, and says how it is answered.
  Answer Take(const Request& request);

  const Socket reserved_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<grpc::Server> server_;
  EventCounter calls_;
  mutable std::mutex mutex_;
  mutable std::condition_variable arrived_;
  std::vector<Answer> script_;  // guarded by mutex_, as what follows
  std::size_t next_ = 0;
  std::vector<Request> requests_;
};

// What a span says of itself; empty, or 0, where it says nothing.
std::string TextAttribute(const FakeCollector::Span& span,
                          const std::string& key);
int64_t IntAttribute(const FakeCollector::Span& span, const std::string& key);

}  // namespace gather::testing

#endif  // GATHER_TESTS_SUPPORT_FAKE_COLLECTOR_H_
