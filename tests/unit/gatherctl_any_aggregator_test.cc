// gatherctl with an aggregator whose sections it has never heard of: what it
// shows follows from the descriptor of the answer.

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/answer.h"
#include "client/command.h"
#include "client/generic_summary.h"
#include "client/overview.h"
#include "client/row.h"
#include "client/watch_state.h"
#include "client/waterfall.h"
#include "gather/fanout/v1/fanout.pb.h"
#include "gather/testing/v1/page.pb.h"
#include "gmock/gmock.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/field_mask.pb.h"
#include "grpcpp/support/status.h"
#include "gtest/gtest.h"

namespace gather::client {
namespace {

using fanout::v1::SectionStatus;
using gather::testing::v1::GetPageResponse;
using gather::testing::v1::JournalSection;
using gather::testing::v1::ProfileSection;
using gather::testing::v1::ReviewsSection;
using gather::testing::v1::SaleSection;
using gather::testing::v1::ScoreSection;
using gather::testing::v1::StreamPageResponse;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

void Arrive(SectionStatus& status, int seconds) {
  status.set_state(fanout::v1::SECTION_STATE_OK);
  status.set_attempts(1);
  status.mutable_duration()->set_seconds(seconds);
}

GetPageResponse Page() {
  GetPageResponse page;
  Arrive(*page.mutable_profile()->mutable_status(), 1);
  page.mutable_profile()->mutable_profile()->set_name("Ada Lovelace");
  page.mutable_profile()->mutable_profile()->set_city("London");
  Arrive(*page.mutable_reviews()->mutable_status(), 2);
  for (int i = 0; i < 12; ++i) page.mutable_reviews()->add_reviews();
  auto& sale = *page.mutable_sale()->mutable_status();
  sale.set_state(fanout::v1::SECTION_STATE_FAILED);
  sale.set_reason("SALE_OVER");
  page.mutable_score()->mutable_status()->set_state(
      fanout::v1::SECTION_STATE_NOT_REQUESTED);
  Arrive(*page.add_earlier_scores()->mutable_status(), 1);
  page.mutable_best_review()->set_text("Good.");
  page.mutable_timing()->mutable_duration()->set_seconds(2);
  page.mutable_timing()->mutable_sequential_duration()->set_seconds(3);
  return page;
}

std::vector<std::string> Names(const std::vector<Row>& rows) {
  std::vector<std::string> names;
  for (const Row& row : rows) names.push_back(row.name);
  return names;
}

TEST(AnyAggregatorTest, EachFieldWithASectionStatusIsARow) {
  const std::vector<Row> rows = MakeRows(Page());
  EXPECT_THAT(Names(rows),
              ElementsAre("profile", "reviews", "journal", "score", "sale"));
  EXPECT_EQ(rows[0].summary, "Ada Lovelace, London");
  EXPECT_EQ(rows[1].summary, "12 reviews");
  EXPECT_EQ(rows[1].duration, absl::Seconds(2));
  EXPECT_EQ(rows[2].outcome, Outcome::kNotRequested);
  EXPECT_EQ(rows[3].outcome, Outcome::kNotRequested);
  EXPECT_EQ(rows[4].outcome, Outcome::kFailed);
  EXPECT_EQ(rows[4].summary, "SALE_OVER");
}

TEST(AnyAggregatorTest, TotalAndExitCodeComeFromTheAnswer) {
  GetPageResponse page = Page();
  EXPECT_THAT(RenderWaterfall(page, {}),
              HasSubstr("Total time: 2.0 s (one after the other: 3.0 s"));
  EXPECT_EQ(ExitCodeFor(grpc::Status::OK, page), kPartial);
  page.set_complete(true);
  EXPECT_EQ(ExitCodeFor(grpc::Status::OK, page), kComplete);
  // An answer whose type has neither.
  EXPECT_FALSE(IsComplete(page.profile()));
  EXPECT_FALSE(TimingOf(page.profile()).has_value());
}

TEST(AnyAggregatorTest, AnswerWithAnySectionIsAnAnswer) {
  GetPageResponse page;
  page.set_complete(true);
  page.mutable_timing();
  EXPECT_FALSE(CheckAnswer(grpc::Status::OK, page).ok());
  page.mutable_sale();
  EXPECT_TRUE(CheckAnswer(grpc::Status::OK, page).ok());
}

TEST(AnyAggregatorTest, TypeMayBeLoadedAtRunTime) {
  google::protobuf::DescriptorPool pool(
      google::protobuf::DescriptorPool::generated_pool());
  google::protobuf::DynamicMessageFactory factory(&pool);
  const std::unique_ptr<google::protobuf::Message> page(
      factory.GetPrototype(GetPageResponse::descriptor())->New());
  ASSERT_TRUE(page->ParseFromString(Page().SerializeAsString()));
  EXPECT_EQ(RenderWaterfall(*page, {}), RenderWaterfall(Page(), {}));
}

TEST(AnyAggregatorTest, PartsOfAStreamTakeTheRowsOfTheirNames) {
  google::protobuf::FieldMask mask;
  for (const char* name : {"profile", "reviews", "sale"}) mask.add_paths(name);
  WatchState state(*StreamPageResponse::descriptor(), mask);
  StreamPageResponse part;
  *part.mutable_reviews() = Page().reviews();
  state.Add(part);
  EXPECT_EQ(state.RenderPart(part, {}), "✓ reviews     2.0 s  12 reviews\n");
  *part.mutable_profile() = Page().profile();
  state.Add(part);
  EXPECT_FALSE(state.finished());
  part.mutable_end()->set_complete(true);
  part.mutable_end()->mutable_timing()->mutable_duration()->set_seconds(2);
  state.Add(part);
  EXPECT_TRUE(state.finished());
  EXPECT_TRUE(state.complete());
  const std::string end = state.RenderEnd({});
  EXPECT_THAT(end, StartsWith("✓ profile "));
  EXPECT_THAT(end, HasSubstr("\n✓ reviews "));
  EXPECT_THAT(end, HasSubstr("missing from the answer\n"));  // sale
  EXPECT_THAT(end, HasSubstr("\nTotal time: 2.0 s"));
}

TEST(AnyAggregatorTest, PartWithNothingInItChangesNothing) {
  WatchState state(*StreamPageResponse::descriptor(), {});
  const std::string before = state.RenderEnd({});
  state.Add(StreamPageResponse());
  EXPECT_TRUE(state.empty());
  EXPECT_EQ(state.RenderEnd({}), before);
  EXPECT_EQ(state.RenderPart(StreamPageResponse(), {}), "");
}

TEST(GenericSummaryTest, CountsAListByItsName) {
  ReviewsSection reviews;
  EXPECT_EQ(GenericSummary(reviews), "no reviews");
  reviews.add_reviews();
  EXPECT_EQ(GenericSummary(reviews), "1 review");
  reviews.add_reviews();
  EXPECT_EQ(GenericSummary(reviews), "2 reviews");
}

TEST(GenericSummaryTest, SaysHowManyThereAreInAll) {
  JournalSection journal;
  journal.add_journal_entries();
  EXPECT_EQ(GenericSummary(journal), "1 journal entry");
  journal.set_total_size(12);
  EXPECT_EQ(GenericSummary(journal), "1 of 12 journal entries");
  // A total that can't be is not shown.
  journal.set_total_size(-3);
  EXPECT_EQ(GenericSummary(journal), "1 journal entry");
}

TEST(GenericSummaryTest, QuotesTheFirstTextsOfAMessage) {
  ProfileSection section;
  EXPECT_EQ(GenericSummary(section), "ok");
  auto& profile = *section.mutable_profile();
  profile.set_name("Ada");
  profile.add_languages("en");
  profile.set_city("London");
  EXPECT_EQ(GenericSummary(section), "Ada, London");
  profile.set_country("England");
  profile.set_planet("Earth");
  EXPECT_EQ(GenericSummary(section), "Ada, London, England");
}

TEST(GenericSummaryTest, IsOkWhereThereIsNothingToSay) {
  EXPECT_EQ(GenericSummary(ScoreSection()), "ok");
  SaleSection sale;
  sale.mutable_end_time()->set_seconds(1);
  EXPECT_EQ(GenericSummary(sale), "ok");
}

TEST(GenericSummaryTest, TextFromABackendIsEscapedInTheRow) {
  GetPageResponse page = Page();
  page.mutable_profile()->mutable_profile()->set_name("Eve\x1b[2J\u2066");
  const std::string summary = MakeRows(page)[0].summary;
  EXPECT_EQ(summary, "Eve\\x1b[2J\\u2066, London");
  EXPECT_THAT(RenderWaterfall(page, {}), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace gather::client
