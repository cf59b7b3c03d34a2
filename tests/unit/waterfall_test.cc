#include "client/waterfall.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "client/text.h"
#include "gather/aggregator/v1/aggregator.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gather::client {
namespace {

using fanout::v1::SectionStatus;
using gather::aggregator::v1::GetOverviewResponse;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

void SetMilliseconds(google::protobuf::Duration& duration, int64_t ms) {
  duration.set_seconds(ms / 1000);
  duration.set_nanos(static_cast<int32_t>(ms % 1000 * 1'000'000));
}

void SetCalled(SectionStatus& status, int64_t start_ms, int64_t duration_ms) {
  status.set_state(fanout::v1::SECTION_STATE_OK);
  status.set_attempts(1);
  SetMilliseconds(*status.mutable_start_offset(), start_ms);
  SetMilliseconds(*status.mutable_duration(), duration_ms);
}

void Fail(SectionStatus& status, const std::string& message) {
  status.set_state(fanout::v1::SECTION_STATE_FAILED);
  status.set_code(4);
  status.set_reason("BACKEND_TIMEOUT");
  status.set_message(message);
}

// All sections arrived: user from 0 to 0.5 s, orders from 0 to 1 s, products
// from 1 s to 2 s.
GetOverviewResponse WholeAnswer() {
  GetOverviewResponse response;
  SetCalled(*response.mutable_user()->mutable_status(), 0, 500);
  auto& user = *response.mutable_user()->mutable_user();
  user.set_id("ada");
  user.set_display_name("Ada Lovelace");
  user.set_location("London");
  user.set_tier(gather::user::v1::TIER_GOLD);
  SetCalled(*response.mutable_orders()->mutable_status(), 0, 1000);
  response.mutable_orders()->set_total_size(12);
  for (int i = 0; i < 4; ++i) {
    auto& order = *response.mutable_orders()->add_orders();
    order.add_line_items()->set_product_name("Wok");
    order.mutable_total()->set_currency_code("EUR");
    order.mutable_total()->set_units(39);
  }
  SetCalled(*response.mutable_products()->mutable_status(), 1000, 1000);
  response.mutable_products()->add_products()->set_name("Saffron");
  response.set_complete(true);
  SetMilliseconds(*response.mutable_timing()->mutable_duration(), 2000);
  SetMilliseconds(*response.mutable_timing()->mutable_sequential_duration(),
                  2500);
  return response;
}

GetOverviewResponse PartialAnswer() {
  GetOverviewResponse response = WholeAnswer();
  response.mutable_orders()->clear_orders();
  Fail(*response.mutable_orders()->mutable_status(), "No answer in time.");
  response.set_complete(false);
  return response;
}

// As if the orders' first call had been too slow.
GetOverviewResponse HedgedAnswer() {
  GetOverviewResponse response = WholeAnswer();
  SectionStatus& status = *response.mutable_orders()->mutable_status();
  status.set_attempts(2);
  auto& first = *status.add_attempts_log();
  first.set_kind(fanout::v1::ATTEMPT_KIND_FIRST);
  first.set_code(1);
  first.set_address("ipv4:10.0.0.7:1");
  SetMilliseconds(*first.mutable_duration(), 1000);
  auto& hedge = *status.add_attempts_log();
  hedge.set_kind(fanout::v1::ATTEMPT_KIND_HEDGE);
  hedge.set_won(true);
  hedge.set_address("ipv4:10.0.0.8:1");
  SetMilliseconds(*hedge.mutable_start_offset(), 500);
  SetMilliseconds(*hedge.mutable_duration(), 500);
  return response;
}

std::vector<std::string> Lines(const GetOverviewResponse& response,
                               const WaterfallOptions& options) {
  return absl::StrSplit(RenderWaterfall(response, options), '\n');
}

// The cells between the name and the time of an ASCII line.
std::string BarOf(const std::string& line) {
  const size_t begin = line.find_first_of("#.", 1);
  return begin == std::string::npos
             ? ""
             : line.substr(begin, line.find(' ', begin) - begin);
}

TEST(WaterfallTest, DrawsTicksForWhatArrivedAndACrossForWhatFailed) {
  const std::vector<std::string> lines = Lines(PartialAnswer(), {});
  ASSERT_EQ(lines.size(), 6u);
  EXPECT_THAT(lines[0], StartsWith("✓ user"));
  EXPECT_THAT(lines[1], StartsWith("✗ orders"));
  EXPECT_THAT(lines[2], StartsWith("✓ products"));
  EXPECT_THAT(lines[1], HasSubstr("BACKEND_TIMEOUT: No answer in time."));
}

TEST(WaterfallTest, SaysInAFewWordsWhatEachSectionHolds) {
  const std::vector<std::string> lines = Lines(WholeAnswer(), {});
  EXPECT_THAT(lines[0], HasSubstr("500.0 ms  Ada Lovelace, London, gold"));
  EXPECT_THAT(lines[1], HasSubstr("4 of 12 orders, latest Wok (EUR 39.00)"));
  EXPECT_THAT(lines[2], HasSubstr("1.0 s  1 product, best match Saffron"));
}

TEST(WaterfallTest, DrawsAllBarsOnOneAxis) {
  const std::vector<std::string> lines =
      Lines(WholeAnswer(), {.width = 81, .ascii = true});
  EXPECT_EQ(BarOf(lines[0]), "#####...............");
  EXPECT_EQ(BarOf(lines[1]), "##########..........");
  EXPECT_EQ(BarOf(lines[2]), "..........##########");
}

TEST(WaterfallTest, StretchesTheAxisToASectionThatOutlastsTheTotal) {
  GetOverviewResponse response = WholeAnswer();
  SetMilliseconds(*response.mutable_timing()->mutable_duration(), 1000);
  const std::vector<std::string> lines =
      Lines(response, {.width = 81, .ascii = true});
  EXPECT_EQ(BarOf(lines[2]), "..........##########");
}

TEST(WaterfallTest, ComparesTheTotalWithOneCallAfterTheOther) {
  EXPECT_THAT(
      RenderWaterfall(WholeAnswer(), {}),
      HasSubstr("Total time: 2.0 s (one after the other: 2.5 s, 1.2x)\n"));
}

TEST(WaterfallTest, ComparesNothingWhereOnlyOneSectionWasCalled) {
  GetOverviewResponse response = WholeAnswer();
  for (SectionStatus* status :
       {response.mutable_orders()->mutable_status(),
        response.mutable_products()->mutable_status()}) {
    status->Clear();
    status->set_state(fanout::v1::SECTION_STATE_NOT_REQUESTED);
  }
  EXPECT_THAT(RenderWaterfall(response, {}), HasSubstr("Total time: 2.0 s\n"));
}

// The products are the purchases' stage here: they start when the orders end.
TEST(WaterfallTest, ShowsTheCriticalPathWhereASectionWaitedForAnother) {
  GetOverviewResponse response = WholeAnswer();
  response.mutable_timing()->add_critical_path("orders");
  EXPECT_THAT(RenderWaterfall(response, {}), Not(HasSubstr("Critical path")));
  response.mutable_timing()->add_critical_path("products");
  EXPECT_THAT(RenderWaterfall(response, {}),
              EndsWith("\nCritical path: orders 1.0 s → products 1.0 s\n"));
  // One that the answer has no row of, and no terminal should be told as it is.
  response.mutable_timing()->add_critical_path("a\tb");
  EXPECT_THAT(
      RenderWaterfall(response, {.ascii = true}),
      EndsWith("Critical path: orders 1.0 s -> products 1.0 s -> a\\tb\n"));
}

TEST(WaterfallTest, ShowsTheTimeOfWhatWasOnlyNeeded) {
  GetOverviewResponse response = WholeAnswer();
  response.mutable_orders()->mutable_status()->set_state(
      fanout::v1::SECTION_STATE_NOT_REQUESTED);
  const std::string line = Lines(response, {.width = 81, .ascii = true})[1];
  EXPECT_THAT(line, StartsWith("- orders    ##########.........."));
  EXPECT_THAT(line, EndsWith("1.0 s  not requested, but needed"));
}

TEST(WaterfallTest, ShowsADashAndNoTimeForWhatWasNotRequested) {
  GetOverviewResponse response = WholeAnswer();
  response.mutable_orders()->Clear();
  response.mutable_orders()->mutable_status()->set_state(
      fanout::v1::SECTION_STATE_NOT_REQUESTED);
  const std::string line = Lines(response, {})[1];
  EXPECT_THAT(line, StartsWith("– orders  "));
  EXPECT_THAT(line, HasSubstr("  not requested"));
  EXPECT_THAT(line, Not(HasSubstr("ms")));
  EXPECT_THAT(line, Not(HasSubstr("·")));
}

TEST(WaterfallTest, SectionThatTheAnswerDoesNotMentionWasNotRequested) {
  GetOverviewResponse response = WholeAnswer();
  response.clear_orders();
  EXPECT_THAT(Lines(response, {})[1], HasSubstr("  not requested"));
}

TEST(WaterfallTest, DrawsTheThinnestBarWhereTheTotalIsZero) {
  GetOverviewResponse response = WholeAnswer();
  for (SectionStatus* status :
       {response.mutable_user()->mutable_status(),
        response.mutable_orders()->mutable_status(),
        response.mutable_products()->mutable_status()}) {
    SetCalled(*status, 0, 0);
  }
  response.mutable_timing()->mutable_duration()->Clear();
  response.mutable_timing()->mutable_sequential_duration()->Clear();
  const std::vector<std::string> lines =
      Lines(response, {.width = 81, .ascii = true});
  EXPECT_EQ(BarOf(lines[0]), "#...................");
  EXPECT_EQ(lines[4], "Total time: 0 ms (one after the other: 0 ms)");
}

TEST(WaterfallTest, KeepsHugeAndNegativeTimesWithinTheBar) {
  GetOverviewResponse response = WholeAnswer();
  auto& user = *response.mutable_user()->mutable_status();
  user.mutable_duration()->set_seconds(std::numeric_limits<int64_t>::max());
  user.mutable_start_offset()->set_seconds(std::numeric_limits<int64_t>::max());
  auto& orders = *response.mutable_orders()->mutable_status();
  orders.mutable_duration()->set_seconds(-315'576'000'000);
  orders.mutable_start_offset()->set_seconds(
      std::numeric_limits<int64_t>::min());
  const std::vector<std::string> lines =
      Lines(response, {.width = 120, .ascii = true});
  EXPECT_EQ(BarOf(lines[0]).size(), BarOf(lines[2]).size());
  EXPECT_EQ(BarOf(lines[1]).size(), BarOf(lines[2]).size());
  EXPECT_THAT(lines[0], HasSubstr("2562047788015215 h 30 min"));
  EXPECT_THAT(lines[1], HasSubstr("-87660000 h 0 min"));
}

TEST(WaterfallTest, HasNoEscapeByteWithoutColour) {
  EXPECT_THAT(RenderWaterfall(PartialAnswer(), {}), Not(HasSubstr("\x1b")));
}

TEST(WaterfallTest, EndsEachColourThatItBegins) {
  const std::string text = RenderWaterfall(PartialAnswer(), {.colour = true});
  EXPECT_THAT(text, HasSubstr("\x1b[32m✓\x1b[0m"));
  EXPECT_THAT(text, HasSubstr("\x1b[31m✗\x1b[0m"));
  for (const std::string& line : std::vector<std::string>(
           absl::StrSplit(text, '\n', absl::SkipEmpty()))) {
    const std::vector<std::string> parts = absl::StrSplit(line, "\x1b[");
    for (size_t i = 1; i < parts.size(); ++i) {
      EXPECT_EQ(parts[i].starts_with("0m"), i % 2 == 0) << line;
    }
    EXPECT_EQ(parts.size() % 2, 1u) << line;
  }
}

TEST(WaterfallTest, EscapesControlCharactersFromBackends) {
  GetOverviewResponse response = PartialAnswer();
  response.mutable_user()->mutable_user()->set_display_name(
      "Eve\x1b[2J\r\nTotal");
  response.mutable_orders()->mutable_status()->set_message("\x9b\u202e\a");
  response.mutable_products()->mutable_products(0)->set_name("a\tb");
  const std::string text = RenderWaterfall(response, {});
  EXPECT_THAT(text, HasSubstr("Eve\\x1b[2J\\r\\nTotal, London"));
  EXPECT_THAT(text, HasSubstr("BACKEND_TIMEOUT: \\x9b\\u202e\\x07"));
  EXPECT_THAT(text, HasSubstr("best match a\\tb"));
}

TEST(WaterfallTest, StaysWithinTheWidth) {
  GetOverviewResponse response = PartialAnswer();
  response.mutable_orders()->mutable_status()->set_message(
      "The orders backend did not answer in time, and this message is long.");
  response.mutable_user()->mutable_user()->set_display_name("李小龙 李小龙");
  for (const int width : {30, 40, 54, 60, 80, 81, 100, 200}) {
    for (const std::string& line : Lines(response, {.width = width})) {
      if (line.starts_with("Total time")) continue;
      EXPECT_LE(DisplayWidth(line), width) << line;
    }
  }
}

TEST(WaterfallTest, PutsTheSummaryBelowTheBarWhereItIsNarrow) {
  const std::vector<std::string> lines =
      Lines(WholeAnswer(), {.width = 45, .ascii = true});
  EXPECT_THAT(lines[0], StartsWith("+ user      #"));
  EXPECT_EQ(lines[1], "  Ada Lovelace, London, gold");
}

TEST(WaterfallTest, TreatsAWidthOfNothingAsTheLeastThatItCanDraw) {
  EXPECT_EQ(RenderWaterfall(WholeAnswer(), {.width = 0}),
            RenderWaterfall(WholeAnswer(), {.width = 30}));
}

TEST(WaterfallTest, UsesAsciiMarksOnlyWhereAskedTo) {
  for (const char c :
       RenderWaterfall(PartialAnswer(), {.colour = true, .ascii = true})) {
    EXPECT_LT(static_cast<unsigned char>(c), 0x80);
  }
}

TEST(WaterfallTest, AttemptsAreThinBarsUnderTheirSection) {
  const auto lines = Lines(HedgedAnswer(), {.width = 100, .ascii = true});
  ASSERT_GE(lines.size(), 4U);
  EXPECT_THAT(lines[1], StartsWith("+ orders"));
  EXPECT_THAT(lines[2],
              ::testing::MatchesRegex(
                  "      first =+ +1.0 s  CANCELLED, ipv4:10.0.0.7:1"));
  EXPECT_THAT(lines[3], ::testing::MatchesRegex(
                            "      hedge +=+ +500.0 ms  won, ipv4:10.0.0.8:1"));
  EXPECT_THAT(lines[4], StartsWith("+ products"));
}

TEST(WaterfallTest, OneLineASectionHasNoRoomForAttempts) {
  const auto lines = Lines(HedgedAnswer(), {.width = 100, .one_line = true});
  EXPECT_THAT(lines[2], HasSubstr("products"));
}

}  // namespace
}  // namespace gather::client
