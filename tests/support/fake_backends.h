#ifndef GATHER_TESTS_SUPPORT_FAKE_BACKENDS_H_
#define GATHER_TESTS_SUPPORT_FAKE_BACKENDS_H_

#include <grpcpp/server.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tests/support/answers.h"
#include "tests/support/gate.h"
#include "tests/support/socket.h"

namespace gather::testing {

// A call, as a backend saw it.
struct SeenCall {
  std::string user_id;  // of a batch, the one that RightOrders() has in the ids
  int page_size = 0;
  std::vector<std::string> ids;  // of a batch
  std::multimap<std::string, std::string> metadata;
  // From the call's arrival to its deadline; very long where it has none.
  std::chrono::nanoseconds time_left{};
};

// A backend on a socket of its own that does what the test says. Built on
// gRPC's callback API, and so on none of the code under test.
//
//   FakeBackend orders(FakeBackend::Role::kOrders);
//   orders.Start();
//   orders.SetScript({Fail(grpc::StatusCode::UNAVAILABLE), AnswerRight()});
//   ...
//   EXPECT_TRUE(orders.calls().WaitFor(2));
//
// Thread: the test's.
class FakeBackend {
 public:
  using Role = BackendRole;

  // Down, with a port of its own that nobody listens on.
  explicit FakeBackend(Role role);
  ~FakeBackend();
  FakeBackend(const FakeBackend&) = delete;
  FakeBackend& operator=(const FakeBackend&) = delete;

  // How many calls it takes at a time on one connection, from its next start.
  void SetMaxStreams(int streams) { max_streams_ = streams; }

  // Listens on its port, from now or again.
  void Start();
  // Dies: ends every connection and every call.
  void Stop();

  // "127.0.0.1:12345", the same up or down.
  std::string address() const;

  // The nth call from now on is met with the nth answer, and what comes after
  // the last with the last. Right answers are the default.
  void SetScript(std::vector<Answer> script);

  // Every call from now on is met as `rule` says, on threads of the backend's.
  void SetRule(std::function<Answer(const SeenCall&)> rule);

  // Calls that arrived, and calls that were cancelled by the caller, by its
  // deadline, or because the connection or this backend died.
  const EventCounter& calls() const { return calls_; }
  const EventCounter& cancellations() const { return cancellations_; }
  // Calls that are over, however they ended.
  const EventCounter& ends() const { return ends_; }
  // In the order of their arrival.
  std::vector<SeenCall> seen() const;

 private:
  class Call;
  class UserService;
  class OrderService;
  class ProductService;
  class PurchaseService;

  std::unique_ptr<grpc::Service> MakeService();
  // The common part of all methods: `request` is what the method is for.
  template <typename Request>
  grpc::ServerUnaryReactor* Handle(grpc::CallbackServerContext* context,
                                   const grpc::ByteBuffer* request,
                                   grpc::ByteBuffer* response);
  grpc::ServerUnaryReactor* Meet(SeenCall seen, grpc::ByteBuffer* response);
  Answer Record(const SeenCall& seen);

  const Role role_;
  const Socket reserved_;
  int max_streams_ = std::numeric_limits<int>::max();
  std::unique_ptr<grpc::Service> service_;
  std::unique_ptr<grpc::Server> server_;
  EventCounter calls_;
  EventCounter cancellations_;
  EventCounter ends_;
  mutable std::mutex mutex_;
  std::vector<Answer> script_;  // guarded by mutex_, as what follows
  std::size_t next_ = 0;
  std::function<Answer(const SeenCall&)> rule_;
  std::vector<SeenCall> seen_;
};

}  // namespace gather::testing

#endif  // GATHER_TESTS_SUPPORT_FAKE_BACKENDS_H_
