#include <string>

#include "client/request.h"
#include "gather/aggregator/v1/aggregator.pb.h"
#include "gather/testing/v1/page.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/ops/flags/parse_flags.h"

namespace gather::client {
namespace {

using gather::aggregator::v1::GetOverviewRequest;
using gather::aggregator::v1::StreamOverviewRequest;
using gather::testing::v1::GetPageResponse;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(FillRequestTest, AsksForWhatTheFlagsSay) {
  GetOverviewRequest request;
  const OverviewFlags flags{.sections = {"user", "orders"},
                            .required = {"orders"},
                            .order_page_size = 3,
                            .product_page_size = 100};
  ASSERT_TRUE(FillRequest("ada", flags, request).ok());
  EXPECT_EQ(request.user_id(), "ada");
  EXPECT_THAT(request.read_mask().paths(), ElementsAre("user", "orders"));
  EXPECT_THAT(request.required_mask().paths(), ElementsAre("orders"));
  EXPECT_EQ(request.order_page_size(), 3);
  EXPECT_EQ(request.product_page_size(), 100);
}

TEST(FillRequestTest, LeavesTheMaskOutWhereAllIsAskedFor) {
  GetOverviewRequest request;
  ASSERT_TRUE(FillRequest("ada", {}, request).ok());
  EXPECT_FALSE(request.has_read_mask());
  EXPECT_FALSE(request.has_required_mask());
}

std::string ErrorOf(const OverviewFlags& flags) {
  GetOverviewRequest request;
  return std::string(FillRequest("ada", flags, request).message());
}

TEST(FillRequestTest, SaysHowOldASectionMayBeUnlessThatIsTheServersToSay) {
  GetOverviewRequest request;
  ASSERT_TRUE(FillRequest("ada", {}, request).ok());
  EXPECT_FALSE(request.has_max_stale());
  ASSERT_TRUE(
      FillRequest("ada", {.max_stale = absl::ZeroDuration()}, request).ok());
  EXPECT_TRUE(request.has_max_stale());
  EXPECT_EQ(request.max_stale().seconds(), 0);
  ASSERT_TRUE(
      FillRequest("ada", {.max_stale = absl::Milliseconds(1500)}, request)
          .ok());
  EXPECT_EQ(request.max_stale().seconds(), 1);
  EXPECT_EQ(request.max_stale().nanos(), 500'000'000);
}

TEST(FillRequestTest, NamesTheFlagThatTheServerWouldRefuse) {
  EXPECT_EQ(ErrorOf({.sections = {"users"}}),
            "--sections: 'users' is not user, orders, products or purchases");
  EXPECT_EQ(ErrorOf({.required = {""}}),
            "--required: '' is not user, orders, products or purchases");
  EXPECT_EQ(ErrorOf({.sections = {"user"}, .required = {"orders"}}),
            "--required: 'orders' is not in --sections");
  EXPECT_EQ(ErrorOf({.order_page_size = 101}),
            "--order_page_size: must be from 0 to 100, not 101");
  EXPECT_EQ(ErrorOf({.product_page_size = -1}),
            "--product_page_size: must be from 0 to 100, not -1");
  EXPECT_EQ(ErrorOf({.max_stale = absl::Seconds(-1)}),
            "--max_stale: is negative");
}

TEST(FillRequestTest, FillsInTheRequestOfAStreamAlike) {
  StreamOverviewRequest request;
  ASSERT_TRUE(FillRequest("ada", {.required = {"user"}}, request).ok());
  EXPECT_EQ(request.user_id(), "ada");
  EXPECT_THAT(request.required_mask().paths(), ElementsAre("user"));
}

TEST(CheckSectionsTest, TakesTheNamesFromTheTypeOfTheAnswer) {
  const auto& page = *GetPageResponse::descriptor();
  EXPECT_TRUE(
      CheckSections({.sections = {"sale"}, .required = {"sale"}}, page).ok());
  EXPECT_EQ(CheckSections({.sections = {"user"}}, page).message(),
            "--sections: 'user' is not profile, reviews, journal, score or "
            "sale");
  // A list of sections, a text called status, the timing: none is a section.
  for (const char* field :
       {"earlier_scores", "best_review", "timing", "complete"}) {
    EXPECT_FALSE(CheckSections({.sections = {field}}, page).ok()) << field;
  }
}

TEST(CheckSectionsTest, HelpListsTheSections) {
  EXPECT_THAT(
      ops::HelpText("Usage: x"),
      HasSubstr("Only these sections: user, orders, products, purchases"));
}

}  // namespace
}  // namespace gather::client
