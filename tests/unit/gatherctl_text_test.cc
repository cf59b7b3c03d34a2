#include <cstdint>
#include <limits>
#include <string>

#include "absl/time/time.h"
#include "client/format.h"
#include "client/terminal.h"
#include "client/text.h"
#include "gather/type/v1/money.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gather::client {
namespace {

using ::testing::ElementsAre;

TEST(EscapeControlTest, LeavesLettersOfAnyScriptAlone) {
  EXPECT_EQ(EscapeControl("O'Brien \\ Łukasz 李 👍 é"),
            "O'Brien \\ Łukasz 李 👍 é");
}

TEST(EscapeControlTest, ShowsControlsAndTurnsOfDirection) {
  EXPECT_EQ(EscapeControl("a\x1b[1m\n\u009b\u2066\x7f"),
            "a\\x1b[1m\\n\\x9b\\u2066\\x7f");
  EXPECT_EQ(EscapeControl(std::string("\0", 1)), "\\x00");
}

TEST(EscapeControlTest, ShowsBytesThatAreNotUtf8) {
  // A lone continuation, an overlong form, a surrogate and a cut sequence.
  EXPECT_EQ(EscapeControl("\x80"), "\\x80");
  EXPECT_EQ(EscapeControl("\xc0\xaf"), "\\xc0\\xaf");
  EXPECT_EQ(EscapeControl("\xed\xa0\x80"), "\\xed\\xa0\\x80");
  EXPECT_EQ(EscapeControl("\xe2\x82"), "\\xe2\\x82");
  EXPECT_EQ(EscapeControl("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
}

TEST(EscapeControlTest, ShowsWhatIsNoCharacter) {
  EXPECT_EQ(EscapeControl("a\uFFFE\uFFFF"), "a\\ufffe\\uffff");
}

TEST(EscapeJsonTest, EscapesWhatJsonAndTerminalsTakeForSomethingElse) {
  EXPECT_EQ(EscapeJson("Łukasz 李 👍 <&>"), "Łukasz 李 👍 <&>");
  EXPECT_EQ(EscapeJson("\"\\\n\t\x1b\x7f"), "\\\"\\\\\\n\\t\\u001b\\u007f");
  EXPECT_EQ(EscapeJson("\u2066a\u2069\u202e\uFEFF\uFFFF"),
            "\\u2066a\\u2069\\u202e\\ufeff\\uffff");
  EXPECT_EQ(EscapeJson("a\xff"), "a\\ufffd");
}

TEST(EscapeJsonTest, LeavesTheLayoutOfAWholeTextAlone) {
  EXPECT_EQ(EscapeUnsafeJson("{\n \"a\": \"\\u001b\u2066\"\n}"),
            "{\n \"a\": \"\\u001b\\u2066\"\n}");
}

TEST(WrapTest, BreaksAtBlanksAndCutsLongWords) {
  EXPECT_THAT(Wrap("one two three", 7), ElementsAre("one two", "three"));
  EXPECT_THAT(Wrap("abcdefgh ij", 3), ElementsAre("abc", "def", "gh", "ij"));
  EXPECT_THAT(Wrap("李小龙", 4), ElementsAre("李小", "龙"));
  EXPECT_THAT(Wrap("", 4), ElementsAre(""));
}

TEST(ShortenTest, MarksWhatItCut) {
  EXPECT_EQ(Shorten("abcdef", 6), "abcdef");
  EXPECT_EQ(Shorten("abcdefg", 6), "abc...");
}

TEST(ShortenTest, EscapesOnlyWhatIsLeft) {
  EXPECT_EQ(ShortenEscaped("a\nb", 10), "a\\nb");
  EXPECT_EQ(ShortenEscaped(std::string(1'000'000, '\n'), 10), "\\n\\n\\n\\...");
  // Cut within a character, or where there is none.
  for (const char* repeated : {"é", "李", "👍", "\x80"}) {
    std::string text = "a";
    while (text.size() < 10'000) text += repeated;
    const std::string cut = ShortenEscaped(text, 400);
    EXPECT_TRUE(cut.ends_with("...")) << cut;
    EXPECT_LE(DisplayWidth(cut), 400);
    EXPECT_GE(DisplayWidth(cut), 390);
  }
}

TEST(FormatTimeTest, PicksTheUnitThatPeopleWould) {
  EXPECT_EQ(FormatTime(absl::ZeroDuration()), "0 ms");
  EXPECT_EQ(FormatTime(absl::Microseconds(310)), "0.31 ms");
  EXPECT_EQ(FormatTime(absl::Microseconds(12'340)), "12.3 ms");
  EXPECT_EQ(FormatTime(absl::Milliseconds(1500)), "1.5 s");
  EXPECT_EQ(FormatTime(absl::Seconds(125)), "2 min 5 s");
  EXPECT_EQ(FormatTime(absl::Minutes(1666)), "27 h 46 min");
  EXPECT_EQ(FormatTime(absl::InfiniteDuration()), "forever");
}

TEST(FormatTimeTest, NeverRoundsUpToAValueOfTheNextUnit) {
  EXPECT_EQ(FormatTime(absl::Microseconds(999'960)), "1.0 s");
  EXPECT_EQ(FormatTime(absl::Milliseconds(59'960)), "1 min 0 s");
  EXPECT_EQ(FormatTime(absl::Milliseconds(3'599'700)), "1 h 0 min");
}

gather::type::v1::Money Money(int64_t units, int32_t nanos) {
  gather::type::v1::Money money;
  money.set_currency_code("EUR");
  money.set_units(units);
  money.set_nanos(nanos);
  return money;
}

TEST(FormatMoneyTest, ShowsCentsAndWhateverIsSmaller) {
  EXPECT_EQ(FormatMoney(Money(39, 0)), "EUR 39.00");
  EXPECT_EQ(FormatMoney(Money(12, 500'000'000)), "EUR 12.50");
  EXPECT_EQ(FormatMoney(Money(0, 1'000'000)), "EUR 0.001");
}

TEST(FormatMoneyTest, ShowsOneSign) {
  EXPECT_EQ(FormatMoney(Money(0, -500'000'000)), "EUR -0.50");
  EXPECT_EQ(FormatMoney(Money(-3, -250'000'000)), "EUR -3.25");
  EXPECT_EQ(FormatMoney(Money(std::numeric_limits<int64_t>::min(), 0)),
            "EUR -9223372036854775808.00");
}

TEST(ChooseOptionsTest, ColoursATerminalOnly) {
  EXPECT_TRUE(ChooseOptions({.is_terminal = true, .term = "xterm"}).colour);
  EXPECT_FALSE(ChooseOptions({.is_terminal = false, .term = "xterm"}).colour);
  EXPECT_FALSE(ChooseOptions({.is_terminal = true, .term = "dumb"}).colour);
}

TEST(ChooseOptionsTest, RespectsNoColor) {
  OutputContext context{.is_terminal = true, .term = "xterm"};
  context.no_color = "1";
  EXPECT_FALSE(ChooseOptions(context).colour);
  context.no_color = "";
  EXPECT_TRUE(ChooseOptions(context).colour);
}

TEST(ChooseOptionsTest, FillsTheTerminalOrEightyColumns) {
  EXPECT_EQ(ChooseOptions({.is_terminal = true, .columns = 132}).width, 132);
  EXPECT_EQ(ChooseOptions({.is_terminal = true, .columns = 0}).width, 80);
  EXPECT_EQ(ChooseOptions({.is_terminal = false, .columns = 132}).width, 80);
}

TEST(ChooseOptionsTest, TakesUnicodeFromTheLocale) {
  EXPECT_FALSE(ChooseOptions({.lang = "de_DE.UTF-8"}).ascii);
  EXPECT_FALSE(ChooseOptions({.lc_all = "C.utf8", .lang = "C"}).ascii);
  EXPECT_TRUE(ChooseOptions({.lc_all = "C", .lang = "de_DE.UTF-8"}).ascii);
  EXPECT_TRUE(ChooseOptions({}).ascii);
  EXPECT_TRUE(ChooseOptions({.term = "dumb", .lang = "de_DE.UTF-8"}).ascii);
}

}  // namespace
}  // namespace gather::client
