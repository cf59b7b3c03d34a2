#include "tests/support/fake_collector.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/server_callback.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"

namespace gather::testing {
namespace {

using opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse;
using opentelemetry::proto::collector::trace::v1::TraceService;
using opentelemetry::proto::common::v1::AnyValue;

// Ends when the call is cancelled.
class NeverAnswered final : public grpc::ServerUnaryReactor {
 public:
  void OnCancel() override { Finish(grpc::Status::CANCELLED); }
  void OnDone() override { const std::unique_ptr<NeverAnswered> end(this); }
};

void AddSpans(const FakeCollector::Request& request,
              std::vector<FakeCollector::Span>& spans) {
  for (const auto& of_process : request.resource_spans()) {
    for (const auto& of_scope : of_process.scope_spans()) {
      spans.insert(spans.end(), of_scope.spans().begin(),
                   of_scope.spans().end());
    }
  }
}

AnyValue AttributeOf(const FakeCollector::Span& span, const std::string& key) {
  for (const auto& attribute : span.attributes()) {
    if (attribute.key() == key) return attribute.value();
  }
  return {};
}

}  // namespace

class FakeCollector::Service final : public TraceService::CallbackService {
 public:
  explicit Service(FakeCollector* collector) : collector_(collector) {}

  grpc::ServerUnaryReactor* Export(
      grpc::CallbackServerContext* context, const Request* request,
      ExportTraceServiceResponse* response) override {
    const Answer answer = collector_->Take(*request);
    if (answer.never) return std::make_unique<NeverAnswered>().release();
    if (answer.rejected > 0) {
      response->mutable_partial_success()->set_rejected_spans(answer.rejected);
    }
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(answer.status);
    return reactor;
  }

 private:
  FakeCollector* collector_;
};

FakeCollector::FakeCollector() : reserved_(Socket::Reserve()) {}

FakeCollector::~FakeCollector() { Stop(); }

void FakeCollector::Start() {
  service_ = std::make_unique<Service>(this);
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address(), grpc::InsecureServerCredentials());
  builder.RegisterService(service_.get());
  server_ = builder.BuildAndStart();
  ASSERT_NE(server_, nullptr) << "can't listen on " << address();
}

void FakeCollector::Stop() {
  if (server_ == nullptr) return;
  server_->Shutdown(std::chrono::system_clock::now());
  server_.reset();
  service_.reset();
}

std::string FakeCollector::address() const {
  return absl::StrCat("127.0.0.1:", reserved_.port());
}

void FakeCollector::SetScript(std::vector<Answer> script) {
  const std::lock_guard lock(mutex_);
  script_ = std::move(script);
  next_ = 0;
}

FakeCollector::Answer FakeCollector::Take(const Request& request) {
  Answer answer;
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    if (!script_.empty()) {
      answer = script_[std::min(next_++, script_.size() - 1)];
    }
    arrived_.notify_all();
  }
  calls_.Add();
  return answer;
}

std::vector<FakeCollector::Request> FakeCollector::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::vector<FakeCollector::Span> FakeCollector::spans() const {
  std::vector<Span> spans;
  for (const Request& request : requests()) AddSpans(request, spans);
  return spans;
}

std::optional<FakeCollector::Span> FakeCollector::WaitForSpan(
    const std::function<bool(const Span&)>& wanted) const {
  std::unique_lock lock(mutex_);
  std::optional<Span> found;
  const auto find = [&] {
    std::vector<Span> spans;
    for (const Request& request : requests_) AddSpans(request, spans);
    const auto match = std::find_if(spans.begin(), spans.end(), wanted);
    if (match != spans.end()) found = *match;
    return found.has_value();
  };
  EXPECT_TRUE(arrived_.wait_for(lock, kPatience, find)) << "no such span came";
  return found;
}

std::string TextAttribute(const FakeCollector::Span& span,
                          const std::string& key) {
  return AttributeOf(span, key).string_value();
}

int64_t IntAttribute(const FakeCollector::Span& span, const std::string& key) {
  return AttributeOf(span, key).int_value();
}

}  // namespace gather::testing
