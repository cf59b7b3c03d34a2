#include <gtest/gtest.h>

#include <string>

#include "server/aggregator/overview.h"
#include "server/fanout/catalog.h"
#include "server/fanout/plan.h"
#include "server/fanout/section.h"

namespace gather::aggregator {
namespace {

const fanout::Catalog& OverviewCatalog() {
  static const auto& kCatalog =
      *new fanout::Catalog(fanout::MakeCatalog<Overview>().value());
  return kCatalog;
}

// As fanout::Aggregator does.
absl::StatusOr<fanout::Plan> MakePlan(const v1::GetOverviewRequest& request) {
  absl::Status checked = Overview::Check(request);
  if (!checked.ok()) return checked;
  return fanout::MakePlan(OverviewCatalog(), request.read_mask().paths(),
                          Overview::RequiredPaths(request));
}

constexpr std::size_t kUser = Overview::Sections::IndexOf<User>();
constexpr std::size_t kOrders = Overview::Sections::IndexOf<Orders>();
constexpr std::size_t kPurchases = Overview::Sections::IndexOf<Purchases>();

v1::GetOverviewRequest RequestFor(const std::string& user_id) {
  v1::GetOverviewRequest request;
  request.set_user_id(user_id);
  return request;
}

void ExpectInvalid(const v1::GetOverviewRequest& request,
                   const std::string& field) {
  const absl::Status status = MakePlan(request).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument)
      << request.ShortDebugString();
  EXPECT_EQ(std::string(status.message()).rfind(field + ":", 0), 0U) << status;
}

TEST(PlanTest, WithoutAMaskTheDefaultIsRequestedAndNothingRequired) {
  const auto plan = MakePlan(RequestFor("alice"));
  ASSERT_TRUE(plan.ok());
  EXPECT_FALSE(plan->staged);
  for (std::size_t section = 0; section < Overview::Sections::kSize;
       ++section) {
    EXPECT_EQ(plan->requested.Has(section), section != kPurchases);
    EXPECT_EQ(plan->needed.Has(section), section != kPurchases);
    EXPECT_FALSE(plan->required.Has(section));
  }
}

TEST(PlanTest, WhatARequestedSectionComesAfterIsNeeded) {
  v1::GetOverviewRequest request = RequestFor("alice");
  request.mutable_read_mask()->add_paths("purchases");
  const auto plan = MakePlan(request);
  ASSERT_TRUE(plan.ok());
  EXPECT_TRUE(plan->needed.Has(kOrders));
  EXPECT_TRUE(plan->needed.Has(kPurchases));
  EXPECT_FALSE(plan->requested.Has(kOrders));
  EXPECT_FALSE(plan->needed.Has(kUser));
  EXPECT_TRUE(plan->staged);
  // Nor can it be required, since it is not asked for.
  request.mutable_required_mask()->add_paths("orders");
  ExpectInvalid(request, "required_mask");
}

TEST(PlanTest, MaskLeavesSectionsOut) {
  v1::GetOverviewRequest request = RequestFor("alice");
  request.mutable_read_mask()->add_paths("orders");
  request.mutable_read_mask()->add_paths("orders");
  const auto plan = MakePlan(request);
  ASSERT_TRUE(plan.ok());
  EXPECT_FALSE(plan->requested.Has(kUser));
  EXPECT_TRUE(plan->requested.Has(kOrders));
}

TEST(PlanTest, UserIdIsChecked) {
  ExpectInvalid(RequestFor(""), "user_id");
  ExpectInvalid(RequestFor(std::string(65, 'a')), "user_id");
  for (const char* bad : {"al ice", "a/b", "a\n", "käthe", "a\\"}) {
    ExpectInvalid(RequestFor(bad), "user_id");
  }
  ExpectInvalid(RequestFor(std::string("a\0b", 3)), "user_id");
  for (const std::string& good :
       {std::string("a"), std::string(64, 'Z'), std::string("A-b_c.9")}) {
    EXPECT_TRUE(MakePlan(RequestFor(good)).ok()) << good;
  }
}

TEST(PlanTest, PageSizesAreChecked) {
  for (const int bad : {-1, 101, INT32_MAX, INT32_MIN}) {
    v1::GetOverviewRequest request = RequestFor("alice");
    request.set_order_page_size(bad);
    ExpectInvalid(request, "order_page_size");
    request = RequestFor("alice");
    request.set_product_page_size(bad);
    ExpectInvalid(request, "product_page_size");
  }
  v1::GetOverviewRequest request = RequestFor("alice");
  request.set_order_page_size(100);
  request.set_product_page_size(100);
  EXPECT_TRUE(MakePlan(request).ok());
}

TEST(PlanTest, UnknownMaskPathIsRefused) {
  for (const char* bad : {"", "User", "user.name", "*", "unspecified"}) {
    v1::GetOverviewRequest request = RequestFor("alice");
    request.mutable_read_mask()->add_paths(bad);
    ExpectInvalid(request, "read_mask");
  }
}

TEST(PlanTest, RequiredSectionsMustExistAndBeRequested) {
  for (const int bad : {0, -1, 4, 31, 32, 99}) {
    v1::GetOverviewRequest request = RequestFor("alice");
    request.add_required_sections(static_cast<v1::Section>(bad));
    ExpectInvalid(request, "required_sections");
  }
  for (const char* bad : {"", "wine", "User", "user.name"}) {
    v1::GetOverviewRequest request = RequestFor("alice");
    request.mutable_required_mask()->add_paths(bad);
    ExpectInvalid(request, "required_mask");
  }
  v1::GetOverviewRequest request = RequestFor("alice");
  request.mutable_read_mask()->add_paths("orders");
  request.mutable_required_mask()->add_paths("user");
  ExpectInvalid(request, "required_mask");
  request.mutable_read_mask()->add_paths("user");
  const auto plan = MakePlan(request);
  ASSERT_TRUE(plan.ok());
  EXPECT_TRUE(plan->required.Has(kUser));
  EXPECT_FALSE(plan->required.Has(kOrders));
}

TEST(PlanTest, FirstFormOfTheRequiredMaskIsAddedToIt) {
  v1::GetOverviewRequest request = RequestFor("alice");
  request.mutable_required_mask()->add_paths("user");
  request.add_required_sections(v1::SECTION_ORDERS);
  const auto plan = MakePlan(request);
  ASSERT_TRUE(plan.ok());
  EXPECT_TRUE(plan->required.Has(kUser));
  EXPECT_TRUE(plan->required.Has(kOrders));
  request.mutable_read_mask()->add_paths("user");
  ExpectInvalid(request, "required_sections");
}

TEST(PlanTest, MaxStaleIsATimeThatMayBeNone) {
  v1::GetOverviewRequest request = RequestFor("alice");
  google::protobuf::Duration& stale = *request.mutable_max_stale();
  EXPECT_TRUE(MakePlan(request).ok());
  stale.set_seconds(1);
  EXPECT_TRUE(MakePlan(request).ok());
  stale.set_nanos(1'000'000'000);
  ExpectInvalid(request, "max_stale");
  stale.set_nanos(0);
  stale.set_seconds(-1);
  ExpectInvalid(request, "max_stale");
}

TEST(PlanTest, RefusalNamesTheSectionsThatThereAre) {
  v1::GetOverviewRequest request = RequestFor("alice");
  request.mutable_read_mask()->add_paths("wine");
  EXPECT_EQ(MakePlan(request).status().message(),
            "read_mask: has a path that is none of user, orders, products, "
            "purchases");
}

}  // namespace
}  // namespace gather::aggregator
