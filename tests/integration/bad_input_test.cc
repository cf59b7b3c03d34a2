// A request that is not as the contract says is refused before any backend is
// called, and the refusal names the field.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <string>

#include "google/rpc/error_details.pb.h"
#include "tests/support/aggregator_fixture.h"
#include "tests/support/error_details.h"
#include "tests/support/replies.h"

namespace gather::testing {
namespace {

namespace v1 = aggregator::v1;
using ::testing::HasSubstr;

struct Case {
  const char* name;
  const char* field;
  std::function<void(v1::GetOverviewRequest&)> spoil;
};

void PrintTo(const Case& test_case, std::ostream* os) { *os << test_case.name; }

Case UserId(const char* name, const std::string& value) {
  return {name, "user_id",
          [value](auto& request) { request.set_user_id(value); }};
}

Case OrderPageSize(const char* name, int value) {
  return {name, "order_page_size",
          [value](auto& request) { request.set_order_page_size(value); }};
}

Case ProductPageSize(const char* name, int value) {
  return {name, "product_page_size",
          [value](auto& request) { request.set_product_page_size(value); }};
}

Case ReadMask(const char* name, const std::string& path) {
  return {name, "read_mask", [path](auto& request) {
            request.mutable_read_mask()->add_paths("user");
            request.mutable_read_mask()->add_paths(path);
          }};
}

Case RequiredMask(const char* name, const std::string& path) {
  return {name, "required_mask", [path](auto& request) {
            request.mutable_read_mask()->add_paths("user");
            request.mutable_required_mask()->add_paths(path);
          }};
}

Case RequiredSection(const char* name, int value) {
  return {name, "required_sections", [value](auto& request) {
            request.mutable_read_mask()->add_paths("user");
            request.add_required_sections(static_cast<v1::Section>(value));
          }};
}

class BadInputTest : public ::testing::TestWithParam<Case> {};

TEST_P(BadInputTest, IsRefusedByNameAndReachesNoBackend) {
  AggregatorFixture fixture;
  v1::GetOverviewRequest bad = RequestFor("u-1");
  GetParam().spoil(bad);
  const Overview refused = fixture.Get(bad);
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(refused.status.error_message(), HasSubstr(GetParam().field));
  const auto bad_request = DetailOf<google::rpc::BadRequest>(refused.status);
  ASSERT_TRUE(bad_request.has_value());
  ASSERT_EQ(bad_request->field_violations_size(), 1);
  EXPECT_EQ(bad_request->field_violations(0).field(), GetParam().field);

  // What the bad request had called would be there by now.
  EXPECT_TRUE(IsWhole(fixture.Get(RequestFor("u-2")).response, "u-2"));
  EXPECT_EQ(fixture.backend_calls(), 3);
}

INSTANTIATE_TEST_SUITE_P(
    Fields, BadInputTest,
    ::testing::Values(
        UserId("EmptyUserId", ""), UserId("LongUserId", std::string(65, 'a')),
        UserId("SpaceInUserId", "a b"), UserId("SlashInUserId", "a/b"),
        UserId("NulInUserId", std::string("a\0b", 3)),
        UserId("AccentInUserId", "jos\xc3\xa9"),
        OrderPageSize("NegativeOrderPageSize", -1),
        OrderPageSize("LargeOrderPageSize", 101),
        ProductPageSize("NegativeProductPageSize", -1),
        ProductPageSize("LargeProductPageSize", 101),
        ReadMask("UnknownPath", "invoices"), ReadMask("EmptyPath", ""),
        ReadMask("PathIntoASection", "orders.status"),
        ReadMask("PathOfAnotherCase", "Orders"),
        RequiredSection("UnspecifiedRequired", v1::SECTION_UNSPECIFIED),
        RequiredSection("UnknownRequired", 99),
        RequiredMask("UnknownRequiredPath", "invoices"),
        RequiredMask("RequiredOutsideOfMask", "orders")),
    [](const auto& test) { return std::string(test.param.name); });

TEST(GoodInputTest, FirstFormOfTheRequiredMaskStillCounts) {
  AggregatorFixture fixture;
  fixture.orders.SetScript({Fail(grpc::StatusCode::RESOURCE_EXHAUSTED)});
  v1::GetOverviewRequest request = RequestFor("u-1");
  request.add_required_sections(v1::SECTION_ORDERS);
  EXPECT_EQ(fixture.Get(request).status.error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST(GoodInputTest, WhatIsJustInRangeIsServed) {
  AggregatorFixture fixture;
  for (const std::string& user_id :
       {std::string("a"), std::string(64, 'a'), std::string("A-z_0.9")}) {
    v1::GetOverviewRequest request = RequestFor(user_id);
    request.set_order_page_size(100);
    request.set_product_page_size(100);
    for (const char* path : {"user", "orders", "products", "user"}) {
      request.mutable_read_mask()->add_paths(path);
    }
    request.mutable_required_mask()->add_paths("user");
    EXPECT_TRUE(IsWhole(fixture.Get(request).response, user_id));
  }
}

}  // namespace
}  // namespace gather::testing
