// An older gatherctl on a server that has a section more.

#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "client/overview.h"
#include "client/row.h"
#include "client/text.h"
#include "client/unknown_section.h"
#include "client/watch_state.h"
#include "client/waterfall.h"
#include "gather/aggregator/v1/aggregator.pb.h"
#include "gather/fanout/v1/fanout.pb.h"
#include "gather/testing/v1/page.pb.h"
#include "gmock/gmock.h"
#include "google/protobuf/unknown_field_set.h"
#include "grpcpp/support/status.h"
#include "gtest/gtest.h"

namespace gather::client {
namespace {

using fanout::v1::SectionStatus;
using gather::aggregator::v1::GetOverviewResponse;
using gather::testing::v1::GetPageResponse;
using gather::testing::v1::OldGetPageResponse;
using gather::testing::v1::OldStreamPageResponse;
using gather::testing::v1::StreamPageResponse;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr char kScore[] = "section 7 (unknown to this gatherctl)";

SectionStatus Arrived() {
  SectionStatus status;
  status.set_state(fanout::v1::SECTION_STATE_OK);
  status.set_attempts(2);
  status.mutable_start_offset()->set_nanos(250'000'000);
  status.mutable_duration()->set_seconds(1);
  return status;
}

SectionStatus Failed() {
  SectionStatus status;
  status.set_state(fanout::v1::SECTION_STATE_FAILED);
  status.set_code(4);
  status.set_reason("BACKEND_TIMEOUT");
  status.set_message("No answer in time.\x1b");
  status.set_attempts(1);
  return status;
}

// What an old program makes of a new server's message.
template <typename Old, typename New>
Old AsOld(const New& message) {
  Old old;
  EXPECT_TRUE(old.ParseFromString(message.SerializeAsString()));
  return old;
}

std::vector<Row> RowsOf(const GetPageResponse& page) {
  std::vector<Row> rows = MakeRows(AsOld<OldGetPageResponse>(page));
  EXPECT_GE(rows.size(), 3u);
  return {rows.begin() + 3, rows.end()};
}

TEST(UnknownSectionTest, IsARowWithItsOutcomeAndItsTimes) {
  GetPageResponse page;
  *page.mutable_score()->mutable_status() = Arrived();
  page.mutable_score()->set_score(4.5);
  *page.mutable_sale()->mutable_status() = Failed();
  const std::vector<Row> rows = RowsOf(page);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].name, kScore);
  EXPECT_EQ(rows[0].outcome, Outcome::kOk);
  EXPECT_TRUE(rows[0].called);
  EXPECT_EQ(rows[0].start, absl::Milliseconds(250));
  EXPECT_EQ(rows[0].duration, absl::Seconds(1));
  EXPECT_EQ(rows[0].summary, "ok (2 attempts)");
  EXPECT_EQ(rows[1].name, "section 8 (unknown to this gatherctl)");
  EXPECT_EQ(rows[1].outcome, Outcome::kFailed);
  EXPECT_EQ(rows[1].summary, "BACKEND_TIMEOUT: No answer in time.\\x1b");
}

TEST(UnknownSectionTest, IsShownInTheAnswerOfOurOwnAggregatorToo) {
  GetPageResponse page;
  *page.mutable_score()->mutable_status() = Arrived();
  const auto overview = AsOld<GetOverviewResponse>(page);
  EXPECT_THAT(RenderWaterfall(overview, {}), HasSubstr(kScore));
  // It is an answer, though none of the sections that we know is there.
  EXPECT_TRUE(CheckAnswer(grpc::Status::OK, overview).ok());
}

TEST(UnknownSectionTest, MayNotHaveBeenRequested) {
  GetPageResponse page;
  page.mutable_score()->mutable_status()->set_state(
      fanout::v1::SECTION_STATE_NOT_REQUESTED);
  const std::vector<Row> rows = RowsOf(page);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].outcome, Outcome::kNotRequested);
}

TEST(UnknownSectionTest, ShowsWhenItIsAPartOfAStream) {
  WatchState state(*OldStreamPageResponse::descriptor(), {});
  StreamPageResponse part;
  *part.mutable_score()->mutable_status() = Arrived();
  const auto old = AsOld<OldStreamPageResponse>(part);
  ASSERT_EQ(old.part_case(), OldStreamPageResponse::PART_NOT_SET);
  state.Add(old);
  EXPECT_FALSE(state.empty());
  EXPECT_THAT(state.RenderPart(old, {}),
              StartsWith(std::string("✓ ") + kScore + "    1.0 s  ok"));
  EXPECT_THAT(state.RenderFrame(absl::Seconds(1), {}), HasSubstr(kScore));
  EXPECT_THAT(state.RenderEnd({}), HasSubstr(kScore));
}

TEST(UnknownSectionTest, ItsNameHasALineOfItsOwn) {
  const std::vector<Row> rows = {NotRequestedRow("user"),
                                 NotRequestedRow(kScore)};
  EXPECT_EQ(RenderRows(rows, absl::Seconds(1), {.ascii = true}),
            "- user                                    not requested\n"
            "- section 7 (unknown to this gatherctl)\n"
            "                                          not requested\n");
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(
           RenderRows(rows, absl::Seconds(1), {.width = 30}), '\n'))) {
    EXPECT_LE(DisplayWidth(line), 30) << line;
  }
}

// The names of the sections that are found in an answer with field 7 holding
// `payload`.
std::vector<std::string> FoundIn(const std::string& payload) {
  OldGetPageResponse answer;
  answer.GetReflection()->MutableUnknownFields(&answer)->AddLengthDelimited(
      7, payload);
  std::vector<std::string> names;
  for (const UnknownSection& section : FindUnknownSections(answer)) {
    names.push_back(section.name);
  }
  return names;
}

std::string SectionWith(const SectionStatus& status) {
  gather::testing::v1::ScoreSection section;
  *section.mutable_status() = status;
  section.set_score(1);
  return section.SerializeAsString();
}

TEST(UnknownSectionTest, IsNoOtherKindOfField) {
  EXPECT_THAT(FoundIn(SectionWith(Arrived())), ElementsAre(kScore));
  EXPECT_THAT(FoundIn(""), IsEmpty());
  EXPECT_THAT(FoundIn("a text that is no message"), IsEmpty());
  EXPECT_THAT(FoundIn(std::string("\x0a\xff\xff\xff\xff\x0f", 6)), IsEmpty());
  // Cut off after a status that would do.
  const std::string cut = SectionWith(Arrived());
  EXPECT_THAT(FoundIn(cut.substr(0, cut.size() - 1)), IsEmpty());
  // A FanOutTiming: its field 1 is a time.
  fanout::v1::FanOutTiming timing;
  timing.mutable_start_time()->set_seconds(1'700'000'000);
  EXPECT_THAT(FoundIn(timing.SerializeAsString()), IsEmpty());
  // A message whose field 1 is a Duration of one or two seconds.
  for (const int seconds : {1, 2}) {
    fanout::v1::FanOutTiming duration;
    duration.mutable_start_time()->set_seconds(seconds);
    EXPECT_THAT(FoundIn(duration.SerializeAsString()), IsEmpty());
  }
}

TEST(UnknownSectionTest, NeedsAStatusWhoseValuesGoTogether) {
  SectionStatus status = Failed();
  status.set_code(17);
  EXPECT_THAT(FoundIn(SectionWith(status)), IsEmpty());
  status = Failed();
  status.set_code(0);
  EXPECT_THAT(FoundIn(SectionWith(status)), IsEmpty());
  status = Arrived();
  status.set_code(4);
  EXPECT_THAT(FoundIn(SectionWith(status)), IsEmpty());
  status = Arrived();
  status.set_attempts(-1);
  EXPECT_THAT(FoundIn(SectionWith(status)), IsEmpty());
  status = Arrived();
  status.mutable_duration()->set_nanos(2'000'000'000);
  EXPECT_THAT(FoundIn(SectionWith(status)), IsEmpty());
  status = Arrived();
  status.set_state(static_cast<fanout::v1::SectionState>(9));
  EXPECT_THAT(FoundIn(SectionWith(status)), IsEmpty());
}

}  // namespace
}  // namespace gather::client
