// How spans get to a collector, and what one that does not take them costs:
// spans, and no call anything.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "server/ops/spans/span_exporter.h"
#include "server/rpc/channel.h"
#include "tests/support/aggregator_fixture.h"
#include "tests/support/channel.h"
#include "tests/support/fake_collector.h"

namespace gather::testing {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

class SpanExportTest : public ::testing::Test {
 protected:
  SpanExportTest() {
    options_.service_name = "aggregator";
    options_.interval = hours(1);
    options_.flush_timeout = kPatience;
  }

  void Start() {
    options_.channel = rpc::MakeChannel(collector_.address(),
                                        grpc::InsecureChannelCredentials());
    options_.target = collector_.address();
    exporter_.emplace(options_, logger_);
  }
  // Requests of one span each, unless of another kind.
  void Record(int spans, rpc::Span::Kind kind = rpc::Span::Kind::kServer) {
    const rpc::TraceContext trace(ids_);
    for (int i = 0; i < spans; ++i) {
      exporter_->Record(0, trace, trace.binary_trace_id(),
                        {.kind = kind, .id = ids_.NextSpan(), .name = "work"});
    }
  }

  // Of the family of that name, the sample with this reason, or the only one.
  double Metric(const std::string& name, const std::string& reason = "") {
    ops::MetricFamilies families;
    exporter_->AddFamilies(families);
    for (const prometheus::MetricFamily& family : families) {
      if (family.name != name) continue;
      for (const prometheus::ClientMetric& sample : family.metric) {
        if (reason.empty() || sample.label.at(0).value == reason) {
          return sample.counter.value;
        }
      }
    }
    ADD_FAILURE() << "no " << name << " " << reason;
    return -1;
  }
  double Exported() { return Metric("gather_spans_exported_total"); }
  double Dropped(const std::string& reason) {
    return Metric("gather_spans_dropped_total", reason);
  }
  // Waits for what another thread counts once it has the answer.
  template <typename Condition>
  static void Await(const Condition& holds) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!holds() && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(milliseconds(1));
    }
    EXPECT_TRUE(holds());
  }

  FakeCollector collector_;
  Channel log_ = Channel::Pipe();
  std::optional<ops::Logger> own_logger_{std::in_place, ops::LogOptions{},
                                         log_.writer()};
  ops::Logger& logger_ = *own_logger_;
  ops::SpanExporterOptions options_;
  std::optional<ops::SpanExporter> exporter_;
  rpc::TraceIds ids_{1};
};

TEST_F(SpanExportTest, ABatchIsSentWhenItIsLargeEnough) {
  collector_.Start();
  options_.queue.batch_bytes = 1;
  Start();
  Record(1);
  EXPECT_TRUE(collector_.calls().WaitFor(1));
  Await([&] { return Exported() == 1; });
}

TEST_F(SpanExportTest, ASpanDoesNotWaitForOthersForLong) {
  collector_.Start();
  options_.interval = milliseconds(10);
  Start();
  Record(1);
  EXPECT_TRUE(collector_.calls().WaitFor(1));
}

TEST_F(SpanExportTest, SpansOfARequestAreSentTogether) {
  collector_.Start();
  options_.queue.batch_bytes = 1;
  Start();
  Record(3, rpc::Span::Kind::kClient);
  Record(3, rpc::Span::Kind::kInternal);
  Record(1);
  EXPECT_TRUE(collector_.calls().WaitFor(1));
  EXPECT_EQ(collector_.spans().size(), 7U);
}

TEST_F(SpanExportTest, SpansOfARequestThatHasManyDoNotWaitForItsEnd) {
  collector_.Start();
  options_.queue.batch_bytes = 1;
  Start();
  Record(1000, rpc::Span::Kind::kInternal);
  EXPECT_TRUE(collector_.calls().WaitFor(1));
}

TEST_F(SpanExportTest, TheEndSendsWhatIsLeft) {
  collector_.Start();
  Start();
  Record(100);
  Record(10, rpc::Span::Kind::kInternal);
  EXPECT_EQ(collector_.calls().count(), 0);
  exporter_.reset();
  EXPECT_EQ(collector_.spans().size(), 110U);
}

TEST_F(SpanExportTest, ACollectorThatIsBackSoonGetsWhatItMissed) {
  collector_.Start();
  collector_.SetScript(
      {{.status = {grpc::StatusCode::UNAVAILABLE, "not yet"}}, {}});
  options_.queue.batch_bytes = 1;
  Start();
  Record(1);
  EXPECT_TRUE(collector_.calls().WaitFor(2));
  Await([&] { return Exported() == 1; });
  EXPECT_EQ(Dropped("export_failed"), 0);
}

TEST_F(SpanExportTest, WhatCanNotBeSentIsCountedAndSaidOnce) {
  collector_.Start();
  collector_.SetScript({{.status = {grpc::StatusCode::INVALID_ARGUMENT, "no"}},
                        {.status = {grpc::StatusCode::INVALID_ARGUMENT, "no"}},
                        {}});
  options_.queue.batch_bytes = 1;
  Start();
  for (int i = 1; i <= 3; ++i) {
    Record(1);
    EXPECT_TRUE(collector_.calls().WaitFor(i));
    Await([&] { return Exported() + Dropped("export_failed") == i; });
  }
  EXPECT_EQ(Dropped("export_failed"), 2);
  EXPECT_EQ(Exported(), 1);
  exporter_.reset();
  own_logger_.reset();
  const std::string log = log_.Finish();
  const std::size_t first = log.find("spans not exported");
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(log.find("spans not exported", first + 1), std::string::npos);
  EXPECT_THAT(log, HasSubstr("INVALID_ARGUMENT: no"));
  EXPECT_THAT(log.substr(first), HasSubstr("spans exported again"));
}

TEST_F(SpanExportTest, WhatTheCollectorRefusesIsCounted) {
  collector_.Start();
  collector_.SetScript({{.rejected = 3}});
  options_.queue.batch_bytes = 1;
  Start();
  Record(1);
  Await([&] { return Dropped("rejected") == 1; });
  EXPECT_EQ(Exported(), 0) << "no more than there were";
}

TEST_F(SpanExportTest, ACollectorThatHangsCostsSpansAndNoCallAnything) {
  collector_.Start();
  collector_.SetScript({{.never = true}});
  options_.queue = {.batch_bytes = 1, .most_bytes = 8192};
  options_.timeout = 2 * kPatience;
  options_.flush_timeout = milliseconds(100);
  Start();
  Record(1);
  ASSERT_TRUE(collector_.calls().WaitFor(1)) << "hangs from now on";
  {
    FixtureOptions fixture;
    fixture.server.spans = &*exporter_;
    AggregatorFixture aggregator(fixture);
    for (int i = 0; i < 100; ++i) {
      const Overview overview = aggregator.Get(RequestFor("u-1"));
      ASSERT_TRUE(overview.status.ok()) << overview.status.error_message();
      ASSERT_TRUE(overview.response.complete());
    }
  }
  EXPECT_EQ(collector_.calls().count(), 1);
  EXPECT_EQ(Exported(), 0);
  EXPECT_GT(Dropped("queue_full"), 0);
  const auto start = std::chrono::steady_clock::now();
  exporter_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - start, kPatience)
      << "the end waits for flush_timeout alone";
}

TEST_F(SpanExportTest, ACollectorThatIsAwayCostsSpansAndNoCallAnything) {
  options_.queue.batch_bytes = 1;
  options_.flush_timeout = milliseconds(100);
  Start();
  {
    FixtureOptions fixture;
    fixture.server.spans = &*exporter_;
    AggregatorFixture aggregator(fixture);
    for (int i = 0; i < 10; ++i) {
      const Overview overview = aggregator.Get(RequestFor("u-1"));
      ASSERT_TRUE(overview.status.ok()) << overview.status.error_message();
    }
  }
  EXPECT_EQ(Exported(), 0);
  const auto start = std::chrono::steady_clock::now();
  exporter_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - start, kPatience);
}

}  // namespace
}  // namespace gather::testing
