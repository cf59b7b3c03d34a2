#include "server/ops/spans/span_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <limits>
#include <string>
#include <vector>

#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "opentelemetry/proto/trace/v1/trace.pb.h"
#include "server/ops/spans/export_request.h"

namespace gather::ops {
namespace {

using opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
using opentelemetry::proto::trace::v1::ScopeSpans;
using opentelemetry::proto::trace::v1::Status;
using ProtoSpan = opentelemetry::proto::trace::v1::Span;
using std::chrono::nanoseconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Property;
using ::testing::SizeIs;

constexpr char kParent[] =
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

async::Clock::time_point At(int64_t nanos) {
  return async::Clock::time_point(nanoseconds(nanos));
}

class SpanEncoderTest : public ::testing::Test {
 protected:
  std::string Encode(const rpc::Span& span, nanoseconds offset = {}) {
    encoder_.Clear();
    encoder_.Add(trace_, trace_.binary_trace_id(), span, offset);
    return std::string(encoder_.bytes());
  }
  // As a collector reads it.
  ProtoSpan Read(const rpc::Span& span, nanoseconds offset = {}) {
    ScopeSpans spans;
    EXPECT_TRUE(spans.ParseFromString(Encode(span, offset)));
    EXPECT_EQ(spans.spans_size(), 1);
    return spans.spans_size() == 1 ? spans.spans(0) : ProtoSpan();
  }

  rpc::TraceIds ids_{1};
  rpc::TraceContext trace_ = rpc::TraceContext::Receive(kParent, "v=1", ids_);
  SpanEncoder encoder_;
};

TEST_F(SpanEncoderTest, WritesWhatACollectorReads) {
  const std::array<rpc::SpanAttribute, 4> attributes = {{
      {"rpc.system", "grpc"},
      {"empty", ""},
      {"negative", int64_t{-1}},
      {"large", std::numeric_limits<int64_t>::max()},
  }};
  const ProtoSpan span = Read({.kind = rpc::Span::Kind::kClient,
                               .id = 0x0807060504030201,
                               .parent = trace_.parent(),
                               .name = "order.v1.OrderService/ListOrders",
                               .start = At(5'000'000'007),
                               .end = At(6'000'000'008),
                               .attributes = attributes},
                              std::chrono::seconds(1'700'000'000));
  EXPECT_EQ(span.trace_id(),
            "\x0a\xf7\x65\x19\x16\xcd\x43\xdd\x84\x48\xeb\x21\x1c\x80\x31\x9c");
  EXPECT_EQ(span.span_id(), "\x01\x02\x03\x04\x05\x06\x07\x08");
  EXPECT_EQ(span.parent_span_id(), "\xb7\xad\x6b\x71\x69\x20\x33\x31");
  EXPECT_EQ(span.trace_state(), "v=1");
  EXPECT_EQ(span.name(), "order.v1.OrderService/ListOrders");
  EXPECT_EQ(span.kind(), ProtoSpan::SPAN_KIND_CLIENT);
  EXPECT_EQ(span.start_time_unix_nano(), 1'700'000'005'000'000'007U);
  EXPECT_EQ(span.end_time_unix_nano(), 1'700'000'006'000'000'008U);
  ASSERT_EQ(span.attributes_size(), 4);
  EXPECT_EQ(span.attributes(0).key(), "rpc.system");
  EXPECT_EQ(span.attributes(0).value().string_value(), "grpc");
  EXPECT_TRUE(span.attributes(1).value().has_string_value());
  EXPECT_EQ(span.attributes(2).value().int_value(), -1);
  EXPECT_EQ(span.attributes(3).value().int_value(),
            std::numeric_limits<int64_t>::max());
  EXPECT_FALSE(span.has_status());
}

TEST_F(SpanEncoderTest, KindsAreTheirs) {
  EXPECT_EQ(Read({.kind = rpc::Span::Kind::kServer}).kind(),
            ProtoSpan::SPAN_KIND_SERVER);
  EXPECT_EQ(Read({.kind = rpc::Span::Kind::kInternal}).kind(),
            ProtoSpan::SPAN_KIND_INTERNAL);
}

TEST_F(SpanEncoderTest, TheFirstOfATraceHasNoParent) {
  trace_ = rpc::TraceContext(ids_);
  const ProtoSpan span = Read({.id = 1});
  EXPECT_EQ(span.parent_span_id(), "");
  EXPECT_EQ(span.trace_state(), "");
}

TEST_F(SpanEncoderTest, AnErrorSaysWhyAsTextThatIsValid) {
  // What is not UTF-8 would make a collector refuse all of the batch.
  const ProtoSpan span = Read({.failed = true, .message = "no \xff\xfe user"});
  EXPECT_EQ(span.status().code(), Status::STATUS_CODE_ERROR);
  EXPECT_EQ(span.status().message(), "no \\xff\\xfe user");
}

TEST_F(SpanEncoderTest, ALongMessageIsCut) {
  const std::string message(100'000, 'x');
  const ProtoSpan span = Read({.failed = true, .message = message});
  EXPECT_EQ(span.status().code(), Status::STATUS_CODE_ERROR);
  EXPECT_THAT(span.status().message(), SizeIs(256));
}

TEST_F(SpanEncoderTest, LengthsOfAllSizesAreRight) {
  // On both sides of where a length takes one byte more.
  for (const std::size_t size : {0, 1, 60, 100, 127, 128, 129, 16383, 16384}) {
    const std::string value(size, 'v');
    const rpc::SpanAttribute attribute = {"key", value};
    const ProtoSpan span = Read({.name = value, .attributes = {&attribute, 1}});
    EXPECT_EQ(span.name(), value);
    ASSERT_EQ(span.attributes_size(), 1);
    EXPECT_EQ(span.attributes(0).value().string_value(), value);
  }
}

// "key=value" of each.
std::vector<std::string> AttributesOf(const ProtoSpan& span) {
  std::vector<std::string> attributes;
  for (const auto& attribute : span.attributes()) {
    const auto& value = attribute.value();
    attributes.push_back(attribute.key() + "=" +
                         (value.has_int_value()
                              ? std::to_string(value.int_value())
                              : value.string_value()));
  }
  return attributes;
}

TEST_F(SpanEncoderTest, ACallHasItsMethodAndPeer) {
  const rpc::SpanAttribute more = {"more", int64_t{1}};
  for (int i = 0; i < 2; ++i) {  // made, and kept
    EXPECT_THAT(
        AttributesOf(Read({.kind = rpc::Span::Kind::kClient,
                           .method = "shop.v1.Shop/Buy",
                           .peer = "ipv4:10.0.0.7:50053",
                           .attributes = {&more, 1}})),
        ElementsAre("rpc.system=grpc", "rpc.service=shop.v1.Shop",
                    "rpc.method=Buy", "server.address=10.0.0.7",
                    "server.port=50053", "rpc.grpc.status_code=0", "more=1"));
    EXPECT_THAT(AttributesOf(Read({.kind = rpc::Span::Kind::kServer,
                                   .method = "shop.v1.Shop/Buy",
                                   .peer = "ipv6:%5B::1%5D:40000"})),
                ElementsAre("rpc.system=grpc", "rpc.service=shop.v1.Shop",
                            "rpc.method=Buy", "client.address=::1",
                            "client.port=40000", "rpc.grpc.status_code=0"));
    EXPECT_THAT(
        AttributesOf(Read({.kind = rpc::Span::Kind::kServer,
                           .method = "unheard-of",
                           .peer = "unix:/run/a:1"})),
        ElementsAre("rpc.system=grpc", "rpc.service=unheard-of",
                    "client.address=/run/a:1", "rpc.grpc.status_code=0"));
    EXPECT_THAT(AttributesOf(Read({.kind = rpc::Span::Kind::kClient,
                                   .method = "shop.v1.Shop/Buy",
                                   .code = 14})),
                ElementsAre("rpc.system=grpc", "rpc.service=shop.v1.Shop",
                            "rpc.method=Buy", "rpc.grpc.status_code=14"));
  }
}

TEST_F(SpanEncoderTest, CallsThatDifferInTheirCodeAloneAreToldApart) {
  for (int round = 0; round < 2; ++round) {
    for (int code = 0; code <= 16; ++code) {
      const ProtoSpan span = Read({.kind = rpc::Span::Kind::kClient,
                                   .method = "shop.v1.Shop/Buy",
                                   .peer = "ipv4:10.0.0.7:50053",
                                   .code = code});
      EXPECT_EQ(span.name(), "shop.v1.Shop/Buy");
      EXPECT_EQ(span.kind(), ProtoSpan::SPAN_KIND_CLIENT);
      EXPECT_THAT(AttributesOf(span),
                  Contains("rpc.grpc.status_code=" + std::to_string(code)));
    }
  }
}

TEST_F(SpanEncoderTest, SpansFollowEachOtherWhateverTheirLengths) {
  // On both sides of where a length takes one byte more.
  std::vector<std::string> names;
  for (const std::size_t size : {0, 20, 60, 100, 16'300, 16'400, 1, 200, 2}) {
    std::string& name = names.emplace_back();
    while (name.size() < size) name += std::to_string(name.size());
    encoder_.Add(trace_, trace_.binary_trace_id(), {.name = name}, {});
  }
  EXPECT_EQ(encoder_.spans(), names.size());
  ScopeSpans read;
  ASSERT_TRUE(read.ParseFromString(std::string(encoder_.bytes())));
  ASSERT_EQ(read.spans_size(), static_cast<int>(names.size()));
  for (int i = 0; i < read.spans_size(); ++i) {
    EXPECT_EQ(read.spans(i).name(), names[static_cast<std::size_t>(i)]);
    EXPECT_EQ(read.spans(i).trace_state(), "v=1");
  }
}

TEST_F(SpanEncoderTest, EachOfManyPeersIsTold) {
  for (int round = 0; round < 2; ++round) {
    for (int port = 1; port <= 1000; ++port) {
      const std::string peer = "ipv4:10.0.0.7:" + std::to_string(port);
      EXPECT_THAT(AttributesOf(Read({.kind = rpc::Span::Kind::kServer,
                                     .method = "shop.v1.Shop/Buy",
                                     .peer = peer})),
                  Contains("client.port=" + std::to_string(port)));
    }
  }
}

TEST_F(SpanEncoderTest, ManySpansAreOneRequestOfThisProcess) {
  SpanBatch batch;
  for (int i = 0; i < 1000; ++i) {
    batch.bytes += Encode({.id = static_cast<rpc::SpanId>(i + 1)});
    ++batch.spans;
  }
  const grpc::ByteBuffer request = ExportRequest("shop").Make(std::move(batch));
  std::string bytes;
  std::vector<grpc::Slice> slices;
  ASSERT_TRUE(request.Dump(&slices).ok());
  for (const grpc::Slice& slice : slices) {
    bytes.append(slice.begin(), slice.end());
  }
  ExportTraceServiceRequest read;
  ASSERT_TRUE(read.ParseFromString(bytes));
  ASSERT_EQ(read.resource_spans_size(), 1);
  ASSERT_EQ(read.resource_spans(0).scope_spans_size(), 1);
  EXPECT_EQ(read.resource_spans(0).scope_spans(0).scope().name(), "gather");
  EXPECT_EQ(read.resource_spans(0).scope_spans(0).spans_size(), 1000);
  const auto& resource = read.resource_spans(0).resource();
  ASSERT_GT(resource.attributes_size(), 0);
  EXPECT_EQ(resource.attributes(0).key(), "service.name");
  EXPECT_EQ(resource.attributes(0).value().string_value(), "shop");
}

}  // namespace
}  // namespace gather::ops
