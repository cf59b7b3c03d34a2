// A request's trace goes from the caller through every backend and back.

#include <grpcpp/client_context.h>
#include <grpcpp/version_info.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/aggregator_fixture.h"

namespace gather::testing {
namespace {

using Metadata = std::multimap<std::string, std::string>;

constexpr char kTraceId[] = "0af7651916cd43dd8448eb211c80319c";
constexpr char kSpanId[] = "b7ad6b7169203331";
constexpr char kTraceParent[] =
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

// "00-TRACE-SPAN-FLAGS", in its parts.
struct Parent {
  explicit Parent(std::string header) {
    EXPECT_EQ(header.size(), std::string_view(kTraceParent).size()) << header;
    header.resize(std::string_view(kTraceParent).size());
    trace = header.substr(3, 32);
    span = header.substr(36, 16);
    flags = header.substr(53);
  }
  std::string trace;
  std::string span;
  std::string flags;
};

class TraceContextTest : public ::testing::Test {
 protected:
  explicit TraceContextTest(const FixtureOptions& options = {})
      : fixture_(options) {}

  // The `traceparent` that an answer to a request with this metadata has.
  Parent Call(const Metadata& sent, const std::string& user_id = "u-1") {
    grpc::ClientContext context;
    for (const auto& [key, value] : sent) context.AddMetadata(key, value);
    aggregator::v1::GetOverviewResponse response;
    status_ =
        fixture_.stub().GetOverview(&context, RequestFor(user_id), &response);
    const auto& trailers = context.GetServerTrailingMetadata();
    EXPECT_EQ(trailers.count("traceparent"), 1U);
    const auto found = trailers.find("traceparent");
    if (found == trailers.end()) return Parent("");
    return Parent(std::string(found->second.data(), found->second.size()));
  }

  // What the backends saw under a key in their last calls.
  std::vector<std::string> Seen(const std::string& key) const {
    std::vector<std::string> values;
    for (const FakeBackend* backend :
         {&fixture_.user, &fixture_.orders, &fixture_.products}) {
      const Metadata metadata = backend->seen().back().metadata;
      const auto [begin, end] = metadata.equal_range(key);
      for (auto each = begin; each != end; ++each) {
        values.push_back(each->second);
      }
    }
    return values;
  }

  AggregatorFixture fixture_;
  grpc::Status status_;
};

TEST_F(TraceContextTest, EachBranchIsASpanOfTheCallersTrace) {
  const Parent answer = Call({{"traceparent", kTraceParent}});
  EXPECT_TRUE(status_.ok()) << status_.error_message();
  EXPECT_EQ(answer.trace, kTraceId);

  const std::vector<std::string> seen = Seen("traceparent");
  ASSERT_EQ(seen.size(), 3U);
  std::set<std::string> spans = {kSpanId, answer.span};
  for (const std::string& header : seen) {
    const Parent parent(header);
    EXPECT_EQ(parent.trace, kTraceId);
    EXPECT_EQ(parent.flags, "01");
    spans.insert(parent.span);
  }
  EXPECT_EQ(spans.size(), 5U) << "each has a span of its own";
}

TEST_F(TraceContextTest, StateIsHandedOn) {
  Call({{"traceparent", kTraceParent}, {"tracestate", "vendor=1,other=2"}});
  EXPECT_EQ(Seen("tracestate"),
            std::vector<std::string>(3, "vendor=1,other=2"));
  Call({{"tracestate", "without=aparent"}});
  EXPECT_EQ(Seen("tracestate"), std::vector<std::string>());
}

TEST_F(TraceContextTest, SeveralStatesAreOneList) {
  Call({{"traceparent", kTraceParent},
        {"tracestate", "vendor=1"},
        {"tracestate", "other=2,third=3"}});
  EXPECT_EQ(Seen("tracestate"),
            std::vector<std::string>(3, "vendor=1,other=2,third=3"));
}

TEST_F(TraceContextTest, OfTwoParentsNeitherCounts) {
  // Newer ones read the header themselves, and hand on one.
  if (GRPC_CPP_VERSION_MINOR > 51) GTEST_SKIP() << "gRPC lets no two through";
  const Parent answer = Call({{"traceparent", kTraceParent},
                              {"traceparent", kTraceParent},
                              {"tracestate", "vendor=1"}});
  EXPECT_TRUE(status_.ok()) << status_.error_message();
  EXPECT_NE(answer.trace, kTraceId);
  EXPECT_EQ(Seen("traceparent"), std::vector<std::string>());
  EXPECT_EQ(Seen("tracestate"), std::vector<std::string>());
}

TEST_F(TraceContextTest, WhoRecordsNothingHandsTheCallersWishOn) {
  std::string unsampled = kTraceParent;
  unsampled.back() = '0';
  EXPECT_EQ(Call({{"traceparent", unsampled}}).flags, "00");
  EXPECT_EQ(Parent(Seen("traceparent").at(0)).flags, "00");
  EXPECT_EQ(Call({{"traceparent", kTraceParent}}).flags, "01");
  EXPECT_EQ(Call({}).flags, "00");
}

TEST_F(TraceContextTest, BackendsHearNothingOfATraceThatTheCallerDoesNotKnow) {
  const Parent first = Call({});
  EXPECT_TRUE(status_.ok()) << status_.error_message();
  EXPECT_EQ(Seen("traceparent"), std::vector<std::string>());
  EXPECT_NE(Call({}).trace, first.trace);
}

FixtureOptions StartTraces() {
  FixtureOptions options;
  options.start_traces = true;
  return options;
}

class StartedTraceTest : public TraceContextTest {
 protected:
  StartedTraceTest() : TraceContextTest(StartTraces()) {}
};

TEST_F(StartedTraceTest, GoesToTheBackends) {
  const Parent first = Call({});
  EXPECT_TRUE(status_.ok()) << status_.error_message();
  const std::vector<std::string> seen = Seen("traceparent");
  EXPECT_EQ(seen.size(), 3U);
  for (const std::string& header : seen) {
    EXPECT_EQ(Parent(header).trace, first.trace);
  }
  EXPECT_NE(Call({}).trace, first.trace);
}

TEST_F(StartedTraceTest, ReplacesAMalformedHeader) {
  for (const char* bad : {"", "00", "not a trace parent",
                          "00-00000000000000000000000000000000-"
                          "b7ad6b7169203331-01",
                          "ff-0af7651916cd43dd8448eb211c80319c-"
                          "b7ad6b7169203331-01"}) {
    const Parent answer = Call({{"traceparent", bad}});
    EXPECT_TRUE(status_.ok()) << bad;
    EXPECT_NE(answer.trace, kTraceId) << bad;
    EXPECT_NE(answer.trace, std::string(32, '0')) << bad;
    EXPECT_EQ(answer.trace.find_first_not_of("0123456789abcdef"),
              std::string::npos);
    EXPECT_EQ(Parent(Seen("traceparent").at(0)).trace, answer.trace);
  }
}

TEST_F(TraceContextTest, AnErrorHasItsTraceToo) {
  const Parent answer = Call({{"traceparent", kTraceParent}}, /*user_id=*/"");
  EXPECT_EQ(status_.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(answer.trace, kTraceId);
}

TEST(TellTraceTest, AServerMayKeepItToItself) {
  FixtureOptions options;
  options.server.tell_trace = false;
  AggregatorFixture fixture(options);
  grpc::ClientContext context;
  aggregator::v1::GetOverviewResponse response;
  EXPECT_TRUE(
      fixture.stub().GetOverview(&context, RequestFor("u-1"), &response).ok());
  EXPECT_EQ(context.GetServerTrailingMetadata().count("traceparent"), 0U);
}

}  // namespace
}  // namespace gather::testing
