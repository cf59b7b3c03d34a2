#include "client/svg.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "client/row.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gather::client {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Row Called(const std::string& name, Outcome outcome, int start_ms,
           int duration_ms) {
  Row row;
  row.name = name;
  row.outcome = outcome;
  row.called = true;
  row.start = absl::Milliseconds(start_ms);
  row.duration = absl::Milliseconds(duration_ms);
  return row;
}

TEST(SvgTest, DrawsABarForEachCallByItsOutcome) {
  const std::string svg =
      RenderSvg({{"two calls",
                  {Called("user", Outcome::kOk, 0, 2000),
                   Called("orders", Outcome::kFailed, 0, 1000)},
                  absl::Seconds(2)}});
  EXPECT_THAT(svg, StartsWith("<svg xmlns="));
  EXPECT_THAT(svg, EndsWith("</svg>\n"));
  EXPECT_THAT(svg, HasSubstr(">two calls</text>"));
  EXPECT_THAT(svg, HasSubstr(">user</text>"));
  EXPECT_THAT(svg, HasSubstr("class=\"ok\""));
  EXPECT_THAT(svg, HasSubstr("class=\"failed\""));
  EXPECT_THAT(svg, HasSubstr(">1.0 s, failed</text>"));
}

TEST(SvgTest, OutcomesAreToldApartWithoutColour) {
  const std::string svg = RenderSvg(
      {{"",
        {Called("a", Outcome::kOk, 0, 1), Called("b", Outcome::kFailed, 0, 1),
         Called("c", Outcome::kCancelled, 0, 1),
         Called("e", Outcome::kStale, 0, 1),
         Called("d", Outcome::kInFlight, 0, 1)},
        absl::Milliseconds(1)}});
  for (const char* said :
       {">1.0 ms</text>", ">1.0 ms, failed</text>", ">1.0 ms, cancelled</text>",
        ">1.0 ms, stale</text>", ">1.0 ms, in flight</text>"}) {
    EXPECT_THAT(svg, HasSubstr(said));
  }
  EXPECT_THAT(svg, HasSubstr("<pattern id=\"g-failed\""));
  EXPECT_THAT(svg, HasSubstr("<pattern id=\"g-cancelled\""));
  EXPECT_THAT(svg, HasSubstr("<pattern id=\"g-stale\""));
}

TEST(SvgTest, AttemptsAreThinBarsUnderTheirSection) {
  Row row = Called("orders", Outcome::kOk, 0, 1000);
  row.attempts.push_back(
      {"hedge", absl::Milliseconds(500), absl::Milliseconds(500), "won"});
  const std::string svg = RenderSvg({{"", {row}, absl::Seconds(1)}});
  EXPECT_THAT(svg, HasSubstr(">hedge</text>"));
  EXPECT_THAT(svg, HasSubstr("<rect x=\"50.00%\""));
  EXPECT_THAT(svg, HasSubstr("<title>won</title>"));
}

TEST(SvgTest, TicksAreRound) {
  const std::string svg = RenderSvg(
      {{"", {Called("a", Outcome::kOk, 0, 2345)}, absl::ZeroDuration()}});
  for (const char* tick : {">0</text>", ">500 ms</text>", ">1 s</text>",
                           ">1.5 s</text>", ">2 s</text>"}) {
    EXPECT_THAT(svg, HasSubstr(tick));
  }
  EXPECT_THAT(svg, Not(HasSubstr(">2.5 s</text>")));
}

TEST(SvgTest, InlineImageFillsItsPlaceAndSaysWhatItIs) {
  const std::string svg = RenderInlineSvg(
      {{"", {Called("a", Outcome::kOk, 0, 1)}, absl::ZeroDuration()}},
      "calls & \"more\"");
  EXPECT_THAT(svg, HasSubstr(" width=\"100%\" "));
  EXPECT_THAT(svg, HasSubstr("aria-label=\"calls &amp; &quot;more&quot;\""));
  EXPECT_THAT(svg, Not(HasSubstr("<style")));
}

TEST(SvgTest, PanelsShareOneAxis) {
  const SvgPanel fast{
      "fast", {Called("a", Outcome::kOk, 0, 1000)}, absl::Seconds(1)};
  const SvgPanel slow{
      "slow", {Called("b", Outcome::kOk, 0, 2000)}, absl::Seconds(2)};
  const std::string alone = RenderSvg({fast});
  const std::string beside = RenderSvg({fast, slow});
  // The fast bar is half as long where the axis has to hold the slow one.
  EXPECT_THAT(alone, HasSubstr("width=\"100.00%\""));
  EXPECT_THAT(beside, HasSubstr("width=\"50.00%\""));
  EXPECT_THAT(beside, HasSubstr("width=\"100.00%\""));
}

TEST(SvgTest, SectionThatWasNotCalledHasNoBar) {
  Row row;
  row.name = "products";
  row.outcome = Outcome::kNotRequested;
  EXPECT_THAT(RenderSvg({{"none", {row}, absl::Seconds(1)}}),
              Not(HasSubstr("<rect")));
}

TEST(SvgTest, TextIsEscaped) {
  Row row = Called("user", Outcome::kOk, 0, 1);
  row.summary = "</title><script>\"&\x1b";
  const std::string svg = RenderSvg({{"<b>", {row}, absl::Seconds(1)}});
  EXPECT_THAT(svg, Not(HasSubstr("<script>")));
  EXPECT_THAT(svg, HasSubstr("&lt;script&gt;&quot;&amp;\\x1b"));
  EXPECT_THAT(svg, HasSubstr("&lt;b&gt;"));
}

// Whether XML 1.0 has a form for the character that `text`, which is UTF-8,
// begins with. https://www.w3.org/TR/xml/#charsets
bool IsXmlCharacter(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x20) return lead == '\t' || lead == '\n' || lead == '\r';
  return !text.starts_with("\xef\xbf\xbe") && !text.starts_with("\xef\xbf\xbf");
}

TEST(SvgTest, HasNoCharacterThatReadersOfXmlRefuse) {
  std::string text = "A\uFFFE\uFFFF\uFEFF\u2066\U0001F44D";
  for (char c = 1; c < 0x20; ++c) text += c;
  Row row = Called(text, Outcome::kOk, 0, 1);
  row.summary = text + "\xff\xc0";
  const std::string svg = RenderSvg({{text, {row}, absl::Seconds(1)}});
  for (size_t i = 0; i < svg.size(); ++i) {
    EXPECT_TRUE(IsXmlCharacter(std::string_view(svg).substr(i))) << i;
  }
  EXPECT_THAT(svg, HasSubstr("A\\ufffe\\uffff"));
  EXPECT_THAT(svg, HasSubstr("\U0001F44D"));
}

}  // namespace
}  // namespace gather::client
