// What is recorded of a request: spans of the server, of each section and of
// each attempt, in one tree with those of its caller and of the backends.

#include <gmock/gmock.h>
#include <grpcpp/client_context.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "server/ops/spans/span_exporter.h"
#include "server/rpc/channel.h"
#include "tests/support/aggregator_fixture.h"
#include "tests/support/channel.h"
#include "tests/support/fake_collector.h"

namespace gather::testing {
namespace {

using Span = FakeCollector::Span;
using opentelemetry::proto::trace::v1::Status;
using ::testing::HasSubstr;

constexpr char kTraceId[] = "0af7651916cd43dd8448eb211c80319c";
constexpr char kSpanId[] = "b7ad6b7169203331";
constexpr char kSampled[] =
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
constexpr char kNotSampled[] =
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

std::string Hex(const std::string& bytes) {
  return absl::BytesToHexString(bytes);
}

class SpanTreeTest : public ::testing::Test {
 protected:
  SpanTreeTest() { collector_.Start(); }

  // A server that records, until Finish().
  void Start(FixtureOptions options = {}, const std::string& sampler = "") {
    ops::SpanExporterOptions exporter;
    exporter.channel = rpc::MakeChannel(collector_.address(),
                                        grpc::InsecureChannelCredentials());
    exporter.service_name = "aggregator";
    exporter.sampler = ops::Sampler::Make(sampler, "").value();
    exporter.flush_timeout = kPatience;
    exporter_.emplace(std::move(exporter), logger_);
    options.server.spans = &*exporter_;
    fixture_.emplace(options);
  }

  // The `traceparent` in the trailers of the answer.
  std::string Call(const std::string& parent) {
    grpc::ClientContext context;
    if (!parent.empty()) context.AddMetadata("traceparent", parent);
    aggregator::v1::GetOverviewResponse response;
    status_ =
        fixture_->stub().GetOverview(&context, RequestFor("u-1"), &response);
    const auto& trailers = context.GetServerTrailingMetadata();
    const auto found = trailers.find("traceparent");
    if (found == trailers.end()) return "";
    return {found->second.data(), found->second.size()};
  }

  // Ends the server, and gives what the collector has got of it.
  std::vector<Span> Finish() {
    fixture_.reset();
    exporter_.reset();
    return collector_.spans();
  }

  // Those of one name, and their only one.
  static std::vector<Span> Named(const std::vector<Span>& spans,
                                 const std::string& name) {
    std::vector<Span> named;
    for (const Span& span : spans) {
      if (span.name() == name) named.push_back(span);
    }
    return named;
  }
  static Span Only(const std::vector<Span>& spans, const std::string& name) {
    const std::vector<Span> named = Named(spans, name);
    EXPECT_EQ(named.size(), 1U) << name;
    return named.empty() ? Span() : named[0];
  }

  static std::string ParentSeenBy(const FakeBackend& backend,
                                  std::size_t call = 0) {
    const auto seen = backend.seen();
    if (seen.size() <= call) return "";
    const auto found = seen[call].metadata.find("traceparent");
    return found != seen[call].metadata.end() ? found->second : "";
  }

  static constexpr char kRequest[] =
      "gather.aggregator.v1.AggregatorService/GetOverview";
  static constexpr char kListOrders[] =
      "gather.order.v1.OrderService/ListOrders";

  FakeCollector collector_;
  Channel log_ = Channel::Pipe();
  ops::Logger logger_{{.level = ops::LogLevel::kOff}, log_.writer()};
  std::optional<ops::SpanExporter> exporter_;
  std::optional<AggregatorFixture> fixture_;
  grpc::Status status_;
};

TEST_F(SpanTreeTest, RequestSectionAndAttemptAreOneLineOfTheCallersTrace) {
  Start();
  Call(kSampled);
  ASSERT_TRUE(status_.ok()) << status_.error_message();
  const std::string seen = ParentSeenBy(fixture_->orders);
  const std::vector<Span> spans = Finish();
  ASSERT_EQ(spans.size(), 7U) << "a request, three sections, an attempt each";

  const Span request = Only(spans, kRequest);
  const Span section = Only(spans, "orders");
  const Span attempt = Only(spans, kListOrders);
  EXPECT_EQ(Hex(request.parent_span_id()), kSpanId);
  EXPECT_EQ(section.parent_span_id(), request.span_id());
  EXPECT_EQ(attempt.parent_span_id(), section.span_id());
  EXPECT_EQ(seen, "00-" + std::string(kTraceId) + "-" + Hex(attempt.span_id()) +
                      "-01")
      << "the backend's own span is a child of the attempt";

  EXPECT_EQ(request.kind(), Span::SPAN_KIND_SERVER);
  EXPECT_EQ(section.kind(), Span::SPAN_KIND_INTERNAL);
  EXPECT_EQ(attempt.kind(), Span::SPAN_KIND_CLIENT);
  for (const Span& span : spans) {
    EXPECT_EQ(Hex(span.trace_id()), kTraceId);
    EXPECT_EQ(span.status().code(), Status::STATUS_CODE_UNSET);
    EXPECT_LE(span.start_time_unix_nano(), span.end_time_unix_nano());
  }
  EXPECT_LE(request.start_time_unix_nano(), section.start_time_unix_nano());
  EXPECT_LE(section.start_time_unix_nano(), attempt.start_time_unix_nano());
  EXPECT_GE(section.end_time_unix_nano(), attempt.end_time_unix_nano());
  EXPECT_GE(request.end_time_unix_nano(), section.end_time_unix_nano());
}

TEST_F(SpanTreeTest, AttributesAreOpenTelemetrys) {
  Start();
  Call("");
  const std::string address = fixture_->orders.address();
  const std::vector<Span> spans = Finish();
  const Span request = Only(spans, kRequest);
  EXPECT_EQ(TextAttribute(request, "rpc.system"), "grpc");
  EXPECT_EQ(TextAttribute(request, "rpc.service"),
            "gather.aggregator.v1.AggregatorService");
  EXPECT_EQ(TextAttribute(request, "rpc.method"), "GetOverview");
  EXPECT_EQ(TextAttribute(request, "client.address"), "127.0.0.1");
  EXPECT_GT(IntAttribute(request, "client.port"), 0);
  const Span attempt = Only(spans, kListOrders);
  EXPECT_EQ(TextAttribute(attempt, "rpc.service"),
            "gather.order.v1.OrderService");
  EXPECT_EQ(TextAttribute(attempt, "rpc.method"), "ListOrders");
  EXPECT_EQ(TextAttribute(attempt, "server.address") + ":" +
                std::to_string(IntAttribute(attempt, "server.port")),
            address);
  EXPECT_EQ(TextAttribute(attempt, "gather.attempt.kind"), "");
  const Span section = Only(spans, "orders");
  EXPECT_EQ(TextAttribute(section, "gather.section.state"), "ok");
  EXPECT_EQ(TextAttribute(section, "gather.section.reason"), "");
  EXPECT_EQ(TextAttribute(section, "gather.section.attempts"), "");
}

TEST_F(SpanTreeTest, AFailedSectionIsAnErrorAndTheRequestIsNone) {
  Start();
  fixture_->orders.SetScript({Fail(grpc::StatusCode::INTERNAL, "disk full")});
  Call("");
  const std::vector<Span> spans = Finish();
  const Span section = Only(spans, "orders");
  EXPECT_EQ(section.status().code(), Status::STATUS_CODE_ERROR);
  EXPECT_EQ(TextAttribute(section, "gather.section.state"), "failed");
  EXPECT_EQ(TextAttribute(section, "gather.section.reason"), "BACKEND_ERROR");
  const Span attempt = Only(spans, kListOrders);
  EXPECT_EQ(attempt.status().code(), Status::STATUS_CODE_ERROR);
  EXPECT_THAT(attempt.status().message(), HasSubstr("disk full"));
  EXPECT_EQ(IntAttribute(attempt, "rpc.grpc.status_code"), 13);
  EXPECT_EQ(Only(spans, kRequest).status().code(), Status::STATUS_CODE_UNSET);
  EXPECT_EQ(Only(spans, "user").status().code(), Status::STATUS_CODE_UNSET);
}

TEST_F(SpanTreeTest, OfARequestOnlyTheServersFaultIsAnError) {
  Start();
  fixture_->user.SetScript({Fail(grpc::StatusCode::NOT_FOUND, "who?"),
                            Fail(grpc::StatusCode::INTERNAL, "oh")});
  for (FakeBackend* backend : {&fixture_->orders, &fixture_->products}) {
    backend->SetScript({Fail(grpc::StatusCode::INTERNAL, "oh")});
  }
  Call("");
  EXPECT_EQ(status_.error_code(), grpc::StatusCode::NOT_FOUND);
  Call("");
  EXPECT_EQ(status_.error_code(), grpc::StatusCode::INTERNAL);
  const std::vector<Span> requests = Named(Finish(), kRequest);
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(IntAttribute(requests[0], "rpc.grpc.status_code"), 5);
  EXPECT_EQ(requests[0].status().code(), Status::STATUS_CODE_UNSET);
  EXPECT_EQ(IntAttribute(requests[1], "rpc.grpc.status_code"), 13);
  EXPECT_EQ(requests[1].status().code(), Status::STATUS_CODE_ERROR);
}

TEST_F(SpanTreeTest, ARetryIsAnotherAttemptOfTheSameSection) {
  Start();
  fixture_->orders.SetScript(
      {Fail(grpc::StatusCode::UNAVAILABLE), AnswerRight()});
  Call("");
  const std::string first = ParentSeenBy(fixture_->orders, 0);
  const std::string second = ParentSeenBy(fixture_->orders, 1);
  const std::vector<Span> spans = Finish();
  const Span section = Only(spans, "orders");
  EXPECT_EQ(IntAttribute(section, "gather.section.attempts"), 2);
  const std::vector<Span> attempts = Named(spans, kListOrders);
  ASSERT_EQ(attempts.size(), 2U);
  for (const Span& attempt : attempts) {
    EXPECT_EQ(attempt.parent_span_id(), section.span_id());
  }
  EXPECT_EQ(TextAttribute(attempts[0], "gather.attempt.kind"), "");
  EXPECT_EQ(attempts[0].status().code(), Status::STATUS_CODE_ERROR);
  EXPECT_THAT(first, HasSubstr(Hex(attempts[0].span_id())));
  EXPECT_EQ(TextAttribute(attempts[1], "gather.attempt.kind"), "retry");
  EXPECT_EQ(attempts[1].status().code(), Status::STATUS_CODE_UNSET);
  EXPECT_THAT(second, HasSubstr(Hex(attempts[1].span_id())));
}

TEST_F(SpanTreeTest, EachCallOfAScatteredSectionIsAChildOfIt) {
  Start();
  aggregator::v1::GetOverviewResponse response;
  grpc::ClientContext context;
  ASSERT_TRUE(fixture_->stub()
                  .GetOverview(&context, RequestForAll("u-1"), &response)
                  .ok());
  const std::vector<Span> spans = Finish();
  const Span section = Only(spans, "purchases");
  const std::vector<Span> calls =
      Named(spans, "gather.product.v1.ProductService/BatchGetProducts");
  ASSERT_FALSE(calls.empty());
  for (const Span& call : calls) {
    EXPECT_EQ(call.parent_span_id(), section.span_id());
  }
}

TEST_F(SpanTreeTest, ACallersTraceThatIsNotSampledIsNotRecordedHere) {
  Start();
  EXPECT_THAT(Call(kNotSampled), ::testing::EndsWith("-00"));
  EXPECT_THAT(ParentSeenBy(fixture_->orders), ::testing::EndsWith("-00"));
  EXPECT_TRUE(Finish().empty());
}

TEST_F(SpanTreeTest, ATraceThatBeginsHereIsMarkedAsSampled) {
  Start();
  EXPECT_THAT(Call(""), ::testing::EndsWith("-01"));
  EXPECT_THAT(ParentSeenBy(fixture_->orders), ::testing::EndsWith("-01"));
  const Span request = Only(Finish(), kRequest);
  EXPECT_EQ(request.parent_span_id(), "");
}

TEST_F(SpanTreeTest, ASamplerThatAsksNobodyOverrulesTheCaller) {
  Start({}, "always_off");
  EXPECT_THAT(Call(kSampled), ::testing::EndsWith("-00"));
  EXPECT_THAT(ParentSeenBy(fixture_->orders), ::testing::EndsWith("-00"));
  EXPECT_TRUE(Finish().empty());
}

TEST_F(SpanTreeTest, HealthChecksAreNotRecorded) {
  Start();
  EXPECT_EQ(fixture_->Health(), grpc::health::v1::HealthCheckResponse::SERVING);
  EXPECT_TRUE(Finish().empty());
}

}  // namespace
}  // namespace gather::testing
