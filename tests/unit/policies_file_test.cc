#include "server/fanout/policy/policies_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "gather/fanout/v1/policies.pb.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/message.h"
#include "google/protobuf/util/json_util.h"
#include "server/fanout/policy/policies_json.h"

namespace gather::fanout {
namespace {

using namespace std::chrono_literals;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class PoliciesFileTest : public testing::Test {
 protected:
  void SetUp() override {
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "Protobuf's headers lay out maps as the library, which was "
                    "built without ThreadSanitizer, does not";
#endif
  }
  ~PoliciesFileTest() override { std::remove(path_.c_str()); }

  absl::StatusOr<std::map<std::string, PolicySettings>> Load(
      const std::string& text, const PolicySettings& base = {}) {
    std::ofstream(path_) << text;
    return LoadPolicies(path_, {"orders", "user"}, base);
  }

  // What is wrong with `text`, without the file's name.
  std::string FaultOf(const std::string& text) {
    const auto policies = Load(text);
    if (policies.ok()) return "";
    const std::string message(policies.status().message());
    EXPECT_TRUE(absl::IsInvalidArgument(policies.status()));
    EXPECT_THAT(message, StartsWith(path_ + ": "));
    EXPECT_THAT(message, Not(HasSubstr("\n")));
    return message.substr(path_.size() + 2);
  }

  const std::string path_ =
      absl::StrCat(testing::TempDir(), "policies.", getpid(), ".json");
};

TEST_F(PoliciesFileTest, EmptyFileLeavesAllAsItIs) {
  PolicySettings base;
  base.section_timeout = 7s;
  const auto policies = Load("{}", base);
  ASSERT_TRUE(policies.ok()) << policies.status();
  ASSERT_EQ(policies->size(), 2);
  EXPECT_EQ(policies->at("user").section_timeout, 7s);
  EXPECT_EQ(policies->at("orders").limit.maximum, base.limit.maximum);
}

TEST_F(PoliciesFileTest, SectionsComeBeforeDefaultsBeforeThePrograms) {
  const auto policies = Load(R"({
    "defaults": {
      "sectionTimeout": "2s",
      "concurrencyLimit": {"floor": 5, "maximum": 100},
      "circuitBreaker": {"failurePercent": 80, "window": "10s"}
    },
    "sections": {
      "orders": {
        "sectionTimeout": "0.250s",
        "concurrencyLimit": {"enabled": false},
        "circuitBreaker": {"enabled": false, "minimumCalls": 7,
                           "openMin": "0.010s", "openMax": "1s"},
        "retry": {"maxAttempts": 1, "initialBackoff": "0.005s"},
        "hedging": {"enabled": true, "percentile": 90, "minDelay": "0.010s",
                    "budgetPercent": 3},
        "coalescing": {"enabled": true},
        "staleAnswers": {"enabled": true, "maxStale": "90s",
                         "maxEntries": 1000, "maxBytes": 1048576}
      }
    }})");
  ASSERT_TRUE(policies.ok()) << policies.status();
  const PolicySettings& user = policies->at("user");
  EXPECT_EQ(user.section_timeout, 2s);
  EXPECT_EQ(user.limit.floor, 5);
  EXPECT_TRUE(user.limit.enabled);
  EXPECT_EQ(user.breaker.failure_percent, 80);
  EXPECT_EQ(user.retry.max_attempts, rpc::RetryPolicy().max_attempts);
  const PolicySettings& orders = policies->at("orders");
  EXPECT_EQ(orders.section_timeout, 250ms);
  EXPECT_FALSE(orders.limit.enabled);
  EXPECT_EQ(orders.limit.maximum, 100);
  EXPECT_FALSE(orders.breaker.enabled);
  EXPECT_EQ(orders.breaker.failure_percent, 80);
  EXPECT_EQ(orders.breaker.window, 10s);
  EXPECT_EQ(orders.breaker.minimum_calls, 7);
  EXPECT_EQ(orders.breaker.open_min, 10ms);
  EXPECT_EQ(orders.breaker.open_max, 1s);
  EXPECT_EQ(orders.retry.max_attempts, 1);
  EXPECT_EQ(orders.retry.initial_backoff, 5ms);
  EXPECT_FALSE(user.hedging.enabled);
  EXPECT_TRUE(orders.hedging.enabled);
  EXPECT_EQ(orders.hedging.percentile, 90);
  EXPECT_EQ(orders.hedging.min_delay, 10ms);
  EXPECT_EQ(orders.hedging.budget_percent, 3);
  EXPECT_FALSE(user.reuses_replies());
  EXPECT_TRUE(orders.coalescing.enabled);
  EXPECT_TRUE(orders.stale_answers.enabled);
  EXPECT_EQ(orders.stale_answers.max_stale, 90s);
  EXPECT_EQ(orders.stale_answers.max_entries, 1000);
  EXPECT_EQ(orders.stale_answers.max_bytes, 1048576);
}

TEST_F(PoliciesFileTest, KeysMayBeAsTheProtoHasThem) {
  const auto policies = Load(R"({"defaults": {"section_timeout": "1s"}})");
  ASSERT_TRUE(policies.ok()) << policies.status();
  EXPECT_EQ(policies->at("user").section_timeout, 1s);
}

TEST_F(PoliciesFileTest, MaximumAloneTakesTheFloorAlong) {
  const auto policies =
      Load(R"({"defaults": {"concurrencyLimit": {"maximum": 3}}})");
  ASSERT_TRUE(policies.ok()) << policies.status();
  EXPECT_EQ(policies->at("user").limit.floor, 3);
}

struct Wrong {
  std::string text;
  std::string fault;  // what it opens with
};

TEST_F(PoliciesFileTest, NamesThePlaceOfWhatIsWrong) {
  const Wrong all[] = {
      {R"({"default": {}})", "default: there is no such field"},
      {R"({"defaults": {"circuitBreaker": {"windw": "1s"}}})",
       "defaults.circuitBreaker.windw: there is no such field"},
      {R"({"sections": {"order": {}}})",
       "sections.order: there is no such section, but orders, user"},
      {R"({"defaults": {"staleAnswers": {"maxStale": "90000s"}}})",
       "defaults.staleAnswers.maxStale: 90000s is not from 0.001s to 86400s"},
      {R"({"defaults": {"staleAnswers": {"maxBytes": 100}}})",
       "defaults.staleAnswers.maxBytes: 100 is not from 65536 to 2147483647"},
      {R"({"defaults": {"coalescing": true}})",
       "defaults.coalescing: not an object"},
      {R"({"sections": {"orders": {"retry": {"maxAttempts": "many"}}}})",
       "sections.orders.retry.maxAttempts: not a whole number"},
      {R"({"sections": {"orders": {"retry": {"maxAttempts": 1.5}}}})",
       "sections.orders.retry.maxAttempts: not a whole number"},
      {R"({"sections": {"orders": {"retry": {"maxAttempts": 99}}}})",
       "sections.orders.retry.maxAttempts: 99 is not from 1 to 10"},
      {R"({"sections": {"orders": {"retry": {"maxAttempts": 0}}}})",
       "sections.orders.retry.maxAttempts: 0 is not from 1 to 10"},
      {R"({"sections": {"orders": {"hedging": {"percentile": 10}}}})",
       "sections.orders.hedging.percentile: 10 is not from 50 to 99"},
      {R"({"sections": {"orders": {"hedging": {"budgetPercent": 0}}}})",
       "sections.orders.hedging.budgetPercent: 0 is not from 1 to 100"},
      {R"({"sections": {"orders": {"sectionTimeout": 3}}})",
       "sections.orders.sectionTimeout: not a duration in seconds, such as "
       "\"1.5s\""},
      {R"({"sections": {"orders": {"sectionTimeout": "3"}}})",
       "sections.orders.sectionTimeout: not a duration"},
      {R"({"sections": {"orders": {"sectionTimeout": "0s"}}})",
       "sections.orders.sectionTimeout: 0s is not from 0.001s to 600s"},
      {R"({"sections": {"orders": {"sectionTimeout": "-1s"}}})",
       "sections.orders.sectionTimeout: -1s is not from"},
      {R"({"defaults": {"circuitBreaker": {"failurePercent": 101}}})",
       "defaults.circuitBreaker.failurePercent: 101 is not from 1 to 100"},
      {R"({"defaults": {"circuitBreaker": {"enabled": "yes"}}})",
       "defaults.circuitBreaker.enabled: neither true nor false"},
      {R"({"defaults": {"circuitBreaker": {"openMin": "2s"}}})",
       "defaults.circuitBreaker.openMin: longer than openMax"},
      {R"({"defaults": {"circuitBreaker": {"openMax": "0.001s"}}})",
       "defaults.circuitBreaker.openMax: shorter than openMin"},
      {R"({"defaults": {"concurrencyLimit": {"floor": 9, "maximum": 8}}})",
       "defaults.concurrencyLimit.floor: more than the maximum"},
      {R"({"defaults": {"concurrencyLimit": {"maximum": 0}}})",
       "defaults.concurrencyLimit.maximum: 0 is not from 1 to 1000000"},
      {R"({"defaults": {"concurrencyLimit": 7}})",
       "defaults.concurrencyLimit: not an object"},
      {R"({"sections": ["orders"]})", "sections: not an object"},
      {R"({"sections": {"a\nb": {"x": 1}}})",
       R"(sections.a\nb.x: there is no such field)"},
      {"[]", "not a JSON object: "},
  };
  for (const Wrong& wrong : all) {
    EXPECT_THAT(FaultOf(wrong.text), StartsWith(wrong.fault)) << wrong.text;
  }
}

TEST_F(PoliciesFileTest, WhereAFileIsNotJsonIsSaid) {
  for (const char* text : {"", "{\"sections\": ", "{\"sections\": {,}}"}) {
    EXPECT_THAT(FaultOf(text),
                AnyOf(StartsWith("line 1, column "), HasSubstr("near 1:")))
        << text;
    EXPECT_THAT(FaultOf(text), HasSubstr("not a JSON object: "));
  }
}

// That fields are set in all of `message`, and in what is below it.
void ExpectAllSet(const google::protobuf::Message& message) {
  const auto& reflection = *message.GetReflection();
  const auto& descriptor = *message.GetDescriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const google::protobuf::FieldDescriptor& field = *descriptor.field(i);
    EXPECT_TRUE(reflection.HasField(message, &field)) << field.full_name();
    if (field.message_type() == nullptr ||
        field.message_type() == google::protobuf::Duration::descriptor()) {
      continue;
    }
    ExpectAllSet(reflection.GetMessage(message, &field));
  }
}

TEST_F(PoliciesFileTest, WhatIsInForceIsAFileOfAllThatCanBeSet) {
  const auto policies = Load(R"({
    "defaults": {"sectionTimeout": "0.250s"},
    "sections": {"orders": {"retry": {"maxAttempts": 7},
                            "concurrencyLimit": {"floor": 3}}}})");
  ASSERT_TRUE(policies.ok()) << policies.status();
  const std::string json = PoliciesAsJson(*policies);

  v1::Policies file;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(json, &file).ok())
      << json;
  ASSERT_EQ(file.sections_size(), 2);
  for (const auto& [section, policy] : file.sections()) ExpectAllSet(policy);
  EXPECT_EQ(file.sections().at("orders").retry().max_attempts(), 7);

  const auto again = Load(json);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(PoliciesAsJson(*again), json);
  EXPECT_EQ(again->at("user").section_timeout, 250ms);
  EXPECT_EQ(again->at("orders").limit.floor, 3);
}

TEST_F(PoliciesFileTest, FileThatCannotBeReadIsNamed) {
  for (const std::string path : {"/nonexistent/policies.json", "/tmp"}) {
    const auto policies = LoadPolicies(path, {});
    ASSERT_FALSE(policies.ok());
    EXPECT_THAT(std::string(policies.status().message()), HasSubstr(path));
  }
}

}  // namespace
}  // namespace gather::fanout
