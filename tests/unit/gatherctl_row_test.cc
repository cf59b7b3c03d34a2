#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/bar.h"
#include "client/row.h"
#include "client/summary.h"
#include "client/text.h"
#include "gather/aggregator/v1/aggregator.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gather::client {
namespace {

using fanout::v1::SectionStatus;
using gather::aggregator::v1::GetOverviewResponse;
using gather::aggregator::v1::OrdersSection;
using gather::aggregator::v1::ProductsSection;
using gather::aggregator::v1::PurchasesSection;
using gather::aggregator::v1::UserSection;
using ::testing::EndsWith;
using ::testing::HasSubstr;

// An answer whose only section, the user's, arrived.
GetOverviewResponse UserOnly(const std::string& name) {
  GetOverviewResponse response;
  UserSection& section = *response.mutable_user();
  section.mutable_status()->set_state(fanout::v1::SECTION_STATE_OK);
  section.mutable_status()->set_attempts(1);
  section.mutable_user()->set_display_name(name);
  return response;
}

Row UserRow(const GetOverviewResponse& response) {
  return MakeRows(response)[0];
}

TEST(RowTest, SectionThatIsNotThereWasNotRequested) {
  const std::vector<Row> rows = MakeRows(UserOnly("Ada"));
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[0].outcome, Outcome::kOk);
  EXPECT_EQ(rows[0].summary, "Ada");
  EXPECT_EQ(rows[1].outcome, Outcome::kNotRequested);
}

TEST(RowTest, TakesAStateOfANewerServerForNeitherGoodNorBad) {
  GetOverviewResponse response = UserOnly("Ada");
  response.mutable_user()->mutable_status()->set_state(
      static_cast<fanout::v1::SectionState>(9));
  EXPECT_EQ(UserRow(response).outcome, Outcome::kUnknown);
  EXPECT_THAT(UserRow(response).summary, HasSubstr("does not know (9)"));
}

TEST(RowTest, CountsAttemptsWhenThereWasMoreThanOne) {
  GetOverviewResponse response = UserOnly("Ada");
  EXPECT_EQ(UserRow(response).summary, "Ada");
  response.mutable_user()->mutable_status()->set_attempts(3);
  EXPECT_EQ(UserRow(response).summary, "Ada (3 attempts)");
}

TEST(RowTest, ShowsAStaleSectionWithItsAgeAndWhy) {
  GetOverviewResponse response = UserOnly("Ada");
  SectionStatus& status = *response.mutable_user()->mutable_status();
  status.set_state(fanout::v1::SECTION_STATE_STALE);
  status.set_code(14);
  status.set_reason("BACKEND_UNAVAILABLE");
  status.mutable_age()->set_seconds(12);
  EXPECT_EQ(UserRow(response).outcome, Outcome::kStale);
  EXPECT_EQ(UserRow(response).summary, "Ada [12.0 s old: BACKEND_UNAVAILABLE]");
}

TEST(RowTest, SaysWhoseCallItWasWhereThatWasAnothers) {
  GetOverviewResponse response = UserOnly("Ada");
  response.mutable_user()->mutable_status()->set_coalesced(true);
  EXPECT_EQ(UserRow(response).summary, "Ada (another request's call)");
}

TEST(RowTest, HasNoTimeWithoutAnAttempt) {
  GetOverviewResponse response = UserOnly("Ada");
  EXPECT_TRUE(UserRow(response).called);
  response.mutable_user()->mutable_status()->set_attempts(0);
  EXPECT_FALSE(UserRow(response).called);
}

TEST(RowTest, CutsATextThatWouldFillTheScreen) {
  const Row row = UserRow(UserOnly(std::string(100'000, 'x')));
  EXPECT_LE(DisplayWidth(row.summary), 400);
  EXPECT_THAT(row.summary, EndsWith("x..."));
}

TEST(SummaryTest, CountsNoneOneAndMany) {
  OrdersSection orders;
  EXPECT_EQ(Summarize(orders), "no orders");
  orders.add_orders()->set_id("o-1");
  EXPECT_EQ(Summarize(orders), "1 order, latest o-1");
  orders.set_total_size(7);
  EXPECT_EQ(Summarize(orders), "1 of 7 orders, latest o-1");
  EXPECT_EQ(Summarize(ProductsSection()), "no products");
  PurchasesSection purchases;
  purchases.add_products();
  EXPECT_EQ(Summarize(purchases), "1 product");
  purchases.add_missing_ids("unicorn");
  EXPECT_EQ(Summarize(purchases), "1 product, 1 not sold any more");
}

TEST(SummaryTest, SaysNothingOfAFirstThingWithoutAName) {
  OrdersSection orders;
  orders.add_orders();
  EXPECT_EQ(Summarize(orders), "1 order");
  ProductsSection products;
  products.add_products();
  EXPECT_EQ(Summarize(products), "1 product");
}

TEST(SummaryTest, NamesTheFirstOfSeveralThingsInAnOrder) {
  OrdersSection orders;
  auto& order = *orders.add_orders();
  order.add_line_items()->set_product_name("Wok");
  order.add_line_items();
  order.add_line_items();
  EXPECT_EQ(Summarize(orders), "1 order, latest Wok and 2 more");
}

TEST(SummaryTest, FallsBackToWhatIsThere) {
  UserSection user;
  user.mutable_user()->set_id("ada");
  user.mutable_user()->set_tier(gather::user::v1::TIER_SILVER);
  EXPECT_EQ(Summarize(user), "ada, silver");
  SectionStatus status;
  status.set_code(14);
  EXPECT_EQ(SummarizeFailure(status), "UNAVAILABLE");
  status.set_message("Down.");
  EXPECT_EQ(SummarizeFailure(status), "UNAVAILABLE: Down.");
}

// A bar of 10 cells on an axis of one second.
std::string Draw(int start_ms, int duration_ms, bool ascii) {
  const Bar bar =
      MakeBar(absl::Milliseconds(start_ms), absl::Milliseconds(duration_ms),
              absl::Seconds(1), 10, ascii);
  return std::string(bar.before, '.') + bar.drawn + std::string(bar.after, '.');
}

TEST(BarTest, DrawsPartsOfACellInUnicode) {
  EXPECT_EQ(Draw(0, 250, false), "██▌.......");
  EXPECT_EQ(Draw(300, 412, false), "...████▏..");
  EXPECT_EQ(Draw(0, 1000, false), "██████████");
}

TEST(BarTest, DrawsWholeCellsInAscii) {
  EXPECT_EQ(Draw(0, 260, true), "###.......");
  EXPECT_EQ(Draw(500, 500, true), ".....#####");
}

TEST(BarTest, KeepsWhatIsTooShortToSee) {
  EXPECT_EQ(Draw(0, 0, false), "▏.........");
  EXPECT_EQ(Draw(500, 0, true), ".....#....");
}

TEST(BarTest, StaysWithinTheAxis) {
  EXPECT_EQ(Draw(1000, 0, true), ".........#");
  EXPECT_EQ(Draw(5000, 5000, false), ".........█");
  EXPECT_EQ(Draw(900, 5000, true), ".........#");
  EXPECT_EQ(Draw(-500, 700, true), "##........");
}

}  // namespace
}  // namespace gather::client
