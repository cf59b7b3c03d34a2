#include "server/ops/flags/span_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "server/rpc/trace.h"

namespace gather::ops {
namespace {

using ::testing::HasSubstr;

constexpr char kEndpoint[] = "OTEL_EXPORTER_OTLP_ENDPOINT";

class SpanFlagsTest : public ::testing::Test {
 protected:
  absl::StatusOr<SpanSettings> Make(const SpanFlags& flags) {
    return MakeSpanSettings(
        flags,
        [this](const char* name) {
          const auto found = environment_.find(name);
          return found != environment_.end() ? found->second : std::string();
        },
        "aggregator");
  }
  std::string ErrorOf(const SpanFlags& flags) {
    const absl::StatusOr<SpanSettings> settings = Make(flags);
    EXPECT_FALSE(settings.ok());
    return std::string(settings.status().message());
  }

  std::map<std::string, std::string> environment_;
};

TEST_F(SpanFlagsTest, NothingIsRecordedUnlessAnEndpointIsNamed) {
  const absl::StatusOr<SpanSettings> settings = Make({});
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->target, "");
}

TEST_F(SpanFlagsTest, AnEndpointIsATargetOrAUrl) {
  for (const char* form : {"otel:4317", "http://otel:4317", "http://otel:4317/",
                           "dns:///otel:4317"}) {
    const absl::StatusOr<SpanSettings> by_flag = Make({.endpoint = form});
    ASSERT_TRUE(by_flag.ok()) << by_flag.status();
    EXPECT_THAT(by_flag->target, ::testing::EndsWith("otel:4317"));
    EXPECT_THAT(by_flag->target, ::testing::Not(HasSubstr("http")));
    environment_[kEndpoint] = form;
    const absl::StatusOr<SpanSettings> by_variable = Make({});
    ASSERT_TRUE(by_variable.ok()) << by_variable.status();
    EXPECT_EQ(by_variable->target, by_flag->target);
    environment_.clear();
  }
}

TEST_F(SpanFlagsTest, TheFlagGoesBeforeTheVariable) {
  environment_[kEndpoint] = "http://variable:4317";
  EXPECT_EQ(Make({.endpoint = "flag:4317"})->target, "flag:4317");
  EXPECT_EQ(Make({.endpoint = "none"})->target, "");
}

TEST_F(SpanFlagsTest, TheEnvironmentNamesServiceAndSampler) {
  const SpanFlags flags = {.endpoint = "otel:4317"};
  EXPECT_EQ(Make(flags)->service_name, "aggregator");
  rpc::TraceIds ids(1);
  EXPECT_TRUE(Make(flags)->sampler.Samples(rpc::TraceContext(ids)));
  environment_["OTEL_SERVICE_NAME"] = "shop";
  environment_["OTEL_TRACES_SAMPLER"] = "traceidratio";
  environment_["OTEL_TRACES_SAMPLER_ARG"] = "0";
  EXPECT_EQ(Make(flags)->service_name, "shop");
  EXPECT_FALSE(Make(flags)->sampler.Samples(rpc::TraceContext(ids)));
}

TEST_F(SpanFlagsTest, AnErrorNamesTheFlagOrTheVariable) {
  EXPECT_EQ(ErrorOf({.endpoint = "otel"}),
            "--otlp_endpoint: \"otel\" has no port");
  EXPECT_THAT(ErrorOf({.endpoint = "http://otel:4317/v1/traces"}),
              HasSubstr("--otlp_endpoint: "));
  environment_[kEndpoint] = "http://:4317";
  EXPECT_EQ(ErrorOf({}), "OTEL_EXPORTER_OTLP_ENDPOINT: \":4317\" has no host");
  environment_[kEndpoint] = "https://otel:4317";
  EXPECT_EQ(ErrorOf({}),
            "OTEL_EXPORTER_OTLP_ENDPOINT: \"https://otel:4317\" needs "
            "--otlp_tls");
  EXPECT_THAT(ErrorOf({.endpoint = "http://otel:4317", .tls = {"ca.pem"}}),
              HasSubstr("is without TLS"));
  EXPECT_THAT(ErrorOf({.endpoint = "otel:4317", .tls = {"no-such.pem"}}),
              HasSubstr("--otlp_tls: "));
  environment_["OTEL_TRACES_SAMPLER"] = "sometimes";
  EXPECT_THAT(ErrorOf({.endpoint = "otel:4317"}),
              HasSubstr("OTEL_TRACES_SAMPLER: "));
}

TEST_F(SpanFlagsTest, WhoRecordsNothingMayHaveAnySampler) {
  environment_["OTEL_TRACES_SAMPLER"] = "jaeger_remote";
  EXPECT_TRUE(Make({}).ok());
}

}  // namespace
}  // namespace gather::ops
