#include "server/ops/metrics/metric_families.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <chrono>
#include <string>

#include "server/rpc/call_stats.h"

namespace gather::ops {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

std::string Text(const MetricFamilies& families) {
  return prometheus::TextSerializer().Serialize(families);
}

TEST(MetricFamiliesTest, CallsHaveTheNamesThatDashboardsKnow) {
  rpc::CallStats stats;
  stats.OnStart();
  stats.OnStart();
  stats.OnEnd(4, milliseconds(30));
  rpc::CallTotals totals;
  stats.AddTo(totals);
  MetricFamilies families;
  AddCallFamilies("server", {{"a.v1.Service/Get", false, &totals}}, families);
  const std::string text = Text(families);
  const std::string labels =
      R"(grpc_type="unary",grpc_service="a.v1.Service",grpc_method="Get")";
  for (const std::string& line :
       {"grpc_server_started_total{" + labels + "} 2\n",
        "grpc_server_handled_total{" + labels +
            ",grpc_code=\"DeadlineExceeded\"} 1\n",
        "grpc_server_handled_total{" + labels + ",grpc_code=\"OK\"} 0\n",
        "grpc_server_handling_seconds_bucket{" + labels + ",le=\"0.025\"} 0\n",
        "grpc_server_handling_seconds_bucket{" + labels + ",le=\"0.05\"} 1\n",
        "grpc_server_handling_seconds_bucket{" + labels + ",le=\"+Inf\"} 1\n",
        "grpc_server_handling_seconds_sum{" + labels + "} 0.03\n",
        "grpc_server_handling_seconds_count{" + labels + "} 1\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(MetricFamiliesTest, AStreamIsNamedSo) {
  rpc::CallTotals totals;
  rpc::CallStats().AddTo(totals);
  MetricFamilies families;
  AddCallFamilies("client", {{"a.v1.Service/List", true, &totals}}, families);
  EXPECT_THAT(
      Text(families),
      HasSubstr(R"(grpc_client_started_total{grpc_type="server_stream")"));
}

TEST(MetricFamiliesTest, WhatIsAboveEveryBoundIsInTheLastBucket) {
  rpc::CallStats stats;
  stats.OnEnd(0, std::chrono::minutes(1));
  rpc::CallTotals totals;
  stats.AddTo(totals);
  MetricFamilies families = {HistogramFamily("took_seconds", "")};
  AddSample(families[0], {}, totals.handling);
  const std::string text = Text(families);
  EXPECT_THAT(text, HasSubstr("took_seconds_bucket{le=\"10\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("took_seconds_bucket{le=\"+Inf\"} 1\n"));
}

TEST(MetricFamiliesTest, CountsOfLongLivesStayExact) {
  MetricFamilies families = {CounterFamily("calls_total", "")};
  AddSample(families[0], {}, 123456789012345);
  EXPECT_THAT(Text(families), HasSubstr("calls_total 123456789012345\n"));
}

}  // namespace
}  // namespace gather::ops
