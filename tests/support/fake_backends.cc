#include "tests/support/fake_backends.h"

#include <grpc/grpc.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/slice.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gather/order/v1/order.grpc.pb.h"
#include "gather/product/v1/product.grpc.pb.h"
#include "gather/user/v1/user.grpc.pb.h"
#include "tests/support/replies.h"

namespace gather::testing {
namespace {

std::string Bytes(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  EXPECT_TRUE(buffer.Dump(&slices).ok());
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(slice.begin(), slice.end());
  }
  return bytes;
}

SeenCall Seen(const user::v1::GetUserRequest& request) {
  return {.user_id = request.user_id(), .ids = {}, .metadata = {}};
}
SeenCall Seen(const product::v1::BatchGetProductsRequest& request) {
  SeenCall seen;
  seen.ids = {request.ids().begin(), request.ids().end()};
  if (!seen.ids.empty()) seen.user_id = UserOfProduct(seen.ids[0]);
  return seen;
}
template <typename Request>
SeenCall Seen(const Request& request) {
  return {.user_id = request.user_id(),
          .page_size = request.page_size(),
          .ids = {},
          .metadata = {}};
}

}  // namespace

// One call. Owns itself until gRPC is done with it.
class FakeBackend::Call final : public grpc::ServerUnaryReactor {
 public:
  static std::shared_ptr<Call> Make(FakeBackend* backend,
                                    testing::Answer answer,
                                    const std::string& user_id,
                                    grpc::ByteBuffer* response) {
    auto call = std::make_shared<Call>();
    call->self_ = call;
    call->payload_ =
        !answer.bytes.empty()
            ? std::move(answer.bytes)
            : PayloadBytes(backend->role_, answer.payload, user_id);
    call->status_ = std::move(answer.status);
    call->on_end_ = std::move(answer.on_end);
    call->response_ = response;
    call->backend_ = backend;
    return call;
  }

  void Answer() {
    if (finished_.exchange(true)) return;
    const grpc::Slice slice(payload_);
    *response_ = grpc::ByteBuffer(&slice, 1);
    Finish(status_);
  }

  void OnCancel() override {
    cancelled_ = true;
    backend_->cancellations_.Add();
    if (!finished_.exchange(true)) Finish(grpc::Status::CANCELLED);
  }

  void OnDone() override {
    if (on_end_) on_end_(cancelled_);
    backend_->ends_.Add();
    self_.reset();
  }

 private:
  std::shared_ptr<Call> self_;
  std::string payload_;
  grpc::Status status_;
  std::function<void(bool)> on_end_;
  grpc::ByteBuffer* response_ = nullptr;
  FakeBackend* backend_ = nullptr;
  std::atomic<bool> finished_{false};
  std::atomic<bool> cancelled_{false};
};

class FakeBackend::UserService final
    : public user::v1::UserService::WithRawCallbackMethod_GetUser<
          user::v1::UserService::Service> {
 public:
  explicit UserService(FakeBackend* backend) : backend_(backend) {}
  grpc::ServerUnaryReactor* GetUser(grpc::CallbackServerContext* context,
                                    const grpc::ByteBuffer* request,
                                    grpc::ByteBuffer* response) override {
    return backend_->Handle<user::v1::GetUserRequest>(context, request,
                                                      response);
  }

 private:
  FakeBackend* backend_;
};

class FakeBackend::OrderService final
    : public order::v1::OrderService::WithRawCallbackMethod_ListOrders<
          order::v1::OrderService::Service> {
 public:
  explicit OrderService(FakeBackend* backend) : backend_(backend) {}
  grpc::ServerUnaryReactor* ListOrders(grpc::CallbackServerContext* context,
                                       const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override {
    return backend_->Handle<order::v1::ListOrdersRequest>(context, request,
                                                          response);
  }

 private:
  FakeBackend* backend_;
};

class FakeBackend::ProductService final
    : public product::v1::ProductService::
          WithRawCallbackMethod_ListRecommendedProducts<
              product::v1::ProductService::Service> {
 public:
  explicit ProductService(FakeBackend* backend) : backend_(backend) {}
  grpc::ServerUnaryReactor* ListRecommendedProducts(
      grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
      grpc::ByteBuffer* response) override {
    return backend_->Handle<product::v1::ListRecommendedProductsRequest>(
        context, request, response);
  }

 private:
  FakeBackend* backend_;
};

class FakeBackend::PurchaseService final
    : public product::v1::ProductService::
          WithRawCallbackMethod_BatchGetProducts<
              product::v1::ProductService::Service> {
 public:
  explicit PurchaseService(FakeBackend* backend) : backend_(backend) {}
  grpc::ServerUnaryReactor* BatchGetProducts(
      grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
      grpc::ByteBuffer* response) override {
    return backend_->Handle<product::v1::BatchGetProductsRequest>(
        context, request, response);
  }

 private:
  FakeBackend* backend_;
};

FakeBackend::FakeBackend(Role role)
    : role_(role), reserved_(Socket::Reserve()) {}

FakeBackend::~FakeBackend() { Stop(); }

void FakeBackend::Start() {
  ASSERT_EQ(server_, nullptr) << "is started already";
  service_ = MakeService();
  grpc::ServerBuilder builder;
  // As a backend must, or the aggregator's keepalive counts as an attack.
  builder.AddChannelArgument(
      GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, max_streams_);
  builder.AddListeningPort(address(), grpc::InsecureServerCredentials());
  builder.RegisterService(service_.get());
  server_ = builder.BuildAndStart();
  ASSERT_NE(server_, nullptr) << "can't listen on " << address();
}

void FakeBackend::Stop() {
  if (server_ == nullptr) return;
  server_->Shutdown(std::chrono::system_clock::now());
  server_.reset();
  service_.reset();
}

std::string FakeBackend::address() const {
  return absl::StrCat("127.0.0.1:", reserved_.port());
}

void FakeBackend::SetScript(std::vector<Answer> script) {
  const std::lock_guard lock(mutex_);
  script_ = std::move(script);
  next_ = 0;
  rule_ = nullptr;
}

void FakeBackend::SetRule(std::function<Answer(const SeenCall&)> rule) {
  const std::lock_guard lock(mutex_);
  rule_ = std::move(rule);
}

std::vector<SeenCall> FakeBackend::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

std::unique_ptr<grpc::Service> FakeBackend::MakeService() {
  switch (role_) {
    case Role::kUser:
      return std::make_unique<UserService>(this);
    case Role::kOrders:
      return std::make_unique<OrderService>(this);
    case Role::kProducts:
      return std::make_unique<ProductService>(this);
    case Role::kPurchases:
      return std::make_unique<PurchaseService>(this);
  }
  return nullptr;
}

template <typename Request>
grpc::ServerUnaryReactor* FakeBackend::Handle(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
    grpc::ByteBuffer* response) {
  // A call that was cancelled on its way comes without its message.
  if (!request->Valid()) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::CANCELLED);
    return reactor;
  }
  Request asked;
  // A call that was cancelled before its message was read comes without one.
  if (request->Valid()) {
    EXPECT_TRUE(asked.ParseFromString(Bytes(*request)));
  }
  SeenCall seen = Seen(asked);
  seen.time_left = context->deadline() - std::chrono::system_clock::now();
  for (const auto& [key, value] : context->client_metadata()) {
    seen.metadata.emplace(std::string(key.data(), key.size()),
                          std::string(value.data(), value.size()));
  }
  return Meet(std::move(seen), response);
}

grpc::ServerUnaryReactor* FakeBackend::Meet(SeenCall seen,
                                            grpc::ByteBuffer* response) {
  const Answer answer = Record(seen);
  const std::shared_ptr<Call> call =
      Call::Make(this, answer, seen.user_id, response);
  calls_.Add();
  if (answer.gate != nullptr) {
    // Weak: a call that was cancelled is gone when the gate opens.
    answer.gate->WhenOpen([held = std::weak_ptr<Call>(call)] {
      if (const auto waiting = held.lock()) waiting->Answer();
    });
  } else if (!answer.never) {
    call->Answer();
  }
  return call.get();
}

Answer FakeBackend::Record(const SeenCall& seen) {
  const std::lock_guard lock(mutex_);
  seen_.push_back(seen);
  if (rule_) return rule_(seen);
  if (script_.empty()) return {};
  return script_[std::min(next_++, script_.size() - 1)];
}

}  // namespace gather::testing
