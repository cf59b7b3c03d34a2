#include "server/ops/log/log_format.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/ops/log/log_escape.h"

namespace gather::ops {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view kTime = "2026-11-22T10:00:00.123Z";

std::string Format(LogFormat format, LogLevel level, std::string_view message,
                   const std::vector<Field>& fields) {
  const absl::Time time =
      absl::FromUnixSeconds(1795341600) + absl::Microseconds(123456);
  return FormatRecord(format, {time, level, message, fields});
}

// What a record adds to its time, level and message.
std::string Json(const std::vector<Field>& fields) {
  const std::string record =
      Format(LogFormat::kJson, LogLevel::kInfo, "m", fields);
  const std::string head = "{\"time\":\"" + std::string(kTime) +
                           "\",\"level\":\"info\",\"message\":\"m\"";
  EXPECT_EQ(record.substr(0, head.size()), head);
  EXPECT_EQ(record.back(), '}');
  return record.substr(head.size(), record.size() - head.size() - 1);
}

std::string Text(const std::vector<Field>& fields) {
  const std::string record =
      Format(LogFormat::kText, LogLevel::kInfo, "m", fields);
  const std::string head = std::string(kTime) + " INFO m";
  EXPECT_EQ(record.substr(0, head.size()), head);
  return record.substr(head.size());
}

TEST(LogFormatTest, TextIsTimeLevelMessageAndFields) {
  EXPECT_EQ(Format(LogFormat::kText, LogLevel::kWarning, "slow section",
                   {{"section", "orders"}, {"note", "quoted value"}}),
            "2026-11-22T10:00:00.123Z WARNING slow section section=orders "
            "note=\"quoted value\"");
}

TEST(LogFormatTest, JsonIsOneObject) {
  EXPECT_EQ(Format(LogFormat::kJson, LogLevel::kError, "slow section",
                   {{"section", "orders"}, {"attempts", 2}}),
            "{\"time\":\"2026-11-22T10:00:00.123Z\",\"level\":\"error\","
            "\"message\":\"slow section\",\"section\":\"orders\","
            "\"attempts\":2}");
}

TEST(LogFormatTest, EveryTypeOfFieldHasItsForm) {
  const std::string owned = "a string";
  const absl::string_view abseil = "abseil";
  const std::vector<Field> fields = {
      {"s", owned},
      {"a", abseil},
      {"i", std::numeric_limits<std::int64_t>::min()},
      {"u", std::numeric_limits<std::uint64_t>::max()},
      {"d", 0.25},
      {"t", true},
      {"f", false},
      {"took", absl::Microseconds(1250)}};
  EXPECT_EQ(Json(fields),
            ",\"s\":\"a string\",\"a\":\"abseil\",\"i\":-9223372036854775808,"
            "\"u\":18446744073709551615,\"d\":0.25,\"t\":true,\"f\":false,"
            "\"took_ms\":1.25");
  EXPECT_EQ(Text(fields),
            " s=\"a string\" a=abseil i=-9223372036854775808 "
            "u=18446744073709551615 d=0.25 t=true f=false took_ms=1.25");
}

TEST(LogFormatTest, DurationsAreRoundedToMicroseconds) {
  EXPECT_EQ(Text({{"took", absl::Nanoseconds(1234567)}}), " took_ms=1.235");
  EXPECT_EQ(Text({{"took", absl::Seconds(2)}}), " took_ms=2000");
  EXPECT_EQ(Text({{"took", -absl::Milliseconds(3)}}), " took_ms=-3");
  EXPECT_EQ(Text({{"took", -absl::Microseconds(50)}}), " took_ms=-0.05");
  EXPECT_EQ(Text({{"took", absl::Microseconds(1090)}}), " took_ms=1.09");
  EXPECT_EQ(Text({{"took", absl::ZeroDuration()}}), " took_ms=0");
  EXPECT_EQ(Text({{"took", absl::Hours(24 * 365 * 200'000'000'000)}}),
            " took_ms=3153600000000000");
}

TEST(LogFormatTest, TimeIsThatOfUtcWithMilliseconds) {
  for (const int64_t seconds : {int64_t{0}, int64_t{951782399}, int64_t{1},
                                int64_t{1795341600}, int64_t{-1}}) {
    const absl::Time time =
        absl::FromUnixSeconds(seconds) + absl::Microseconds(7999);
    const std::string text =
        FormatRecord(LogFormat::kText, {time, LogLevel::kInfo, "m", {}});
    EXPECT_EQ(text, absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ INFO m", time,
                                     absl::UTCTimeZone()));
  }
}

TEST(LogFormatTest, WhatIsNotFiniteIsNullInJson) {
  EXPECT_EQ(Json({{"d", std::nan("")}}), ",\"d\":null");
  EXPECT_EQ(Json({{"d", std::numeric_limits<double>::infinity()}}),
            ",\"d\":null");
  EXPECT_EQ(Json({{"d", absl::InfiniteDuration()}}), ",\"d_ms\":null");
  EXPECT_EQ(Text({{"d", -absl::InfiniteDuration()}}), " d_ms=-inf");
}

TEST(LogFormatTest, TextQuotesWhatWouldReadAsSomethingElse) {
  EXPECT_EQ(Text({{"k", ""}}), " k=\"\"");
  EXPECT_EQ(Text({{"k", "a=b"}}), " k=\"a=b\"");
  EXPECT_EQ(Text({{"k", "say \"hi\""}}), " k=\"say \\\"hi\\\"\"");
  EXPECT_EQ(Text({{"k", "C:\\"}}), " k=\"C:\\\\\"");
  EXPECT_EQ(Text({{"k", "127.0.0.1:50051"}}), " k=127.0.0.1:50051");
  EXPECT_EQ(Text({{"k", "Zoë"}}), " k=Zoë");
}

TEST(LogFormatTest, AValueCannotStartARecordOfItsOwn) {
  const std::string forged = "x\r\n2026-11-22T10:00:00.123Z ERROR forged";
  for (const LogFormat format : {LogFormat::kText, LogFormat::kJson}) {
    const std::string record =
        Format(format, LogLevel::kInfo, forged, {{"value", forged}});
    EXPECT_EQ(record.find_first_of("\r\n"), std::string::npos) << record;
  }
}

TEST(LogFormatTest, ControlCharactersAreEscaped) {
  const std::string_view controls = "\0\t\x1b[31m\x7f"sv;
  EXPECT_EQ(Json({{"k", controls}}), ",\"k\":\"\\u0000\\t\\u001b[31m\\u007f\"");
  EXPECT_EQ(Text({{"k", controls}}), " k=\"\\u0000\\t\\u001b[31m\\u007f\"");
}

TEST(LogFormatTest, WhatMovesTextAroundOnATerminalIsEscaped) {
  // In turn: a C1 control, a line separator, a right-to-left override.
  EXPECT_EQ(Json({{"k", "\xc2\x9b|\xe2\x80\xa8|\xe2\x80\xae"}}),
            ",\"k\":\"\\u009b|\\u2028|\\u202e\"");
}

TEST(LogFormatTest, BytesThatAreNotUtf8AreReplaced) {
  // A lone continuation, an overlong slash, a surrogate, beyond the last code
  // point, and a code point cut short by the end.
  const struct {
    std::string_view bytes;
    std::size_t count;
  } kCases[] = {
      {"\x80", 1},         {"\xc0\xaf", 2},         {"\xe0\x80\xaf", 3},
      {"\xed\xa0\x80", 3}, {"\xf4\x90\x80\x80", 4}, {"\xff", 1},
      {"\xe2\x82", 2}};
  for (const auto& [bytes, count] : kCases) {
    std::string expected = ",\"k\":\"";
    for (std::size_t i = 0; i < count; ++i) expected += "\\ufffd";
    EXPECT_EQ(Json({{"k", bytes}}), expected + "\"");
  }
  EXPECT_EQ(Text({{"k", "\xe2\x82"}}), " k=\"\\xe2\\x82\"");
}

TEST(LogFormatTest, WholeCodePointsOfEveryLengthPass) {
  EXPECT_EQ(Json({{"k", "aé€😀"}}), ",\"k\":\"aé€😀\"");
}

TEST(LogFormatTest, ALongValueIsCutBetweenCodePoints) {
  // The last euro sign would end one byte after the limit.
  std::string value(kMaxLoggedBytes - 2, 'x');
  EXPECT_EQ(Text({{"k", value + "€"}}), " k=" + value + "...");
  value += "yy";
  EXPECT_EQ(Text({{"k", value}}), " k=" + value);
  EXPECT_EQ(Text({{"k", value + "z"}}), " k=" + value + "...");
}

TEST(LogOptionsTest, FlagsParseTheNamesTheyPrint) {
  for (const LogLevel level :
       {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError,
        LogLevel::kOff}) {
    LogLevel parsed = LogLevel::kInfo;
    std::string error;
    EXPECT_TRUE(AbslParseFlag(AbslUnparseFlag(level), &parsed, &error));
    EXPECT_EQ(parsed, level);
  }
  for (const LogFormat format : {LogFormat::kText, LogFormat::kJson}) {
    LogFormat parsed = LogFormat::kText;
    std::string error;
    EXPECT_TRUE(AbslParseFlag(AbslUnparseFlag(format), &parsed, &error));
    EXPECT_EQ(parsed, format);
  }
}

TEST(LogOptionsTest, AWrongNameIsAnErrorThatListsTheRightOnes) {
  LogLevel level = LogLevel::kError;
  std::string error;
  EXPECT_FALSE(AbslParseFlag("Info", &level, &error));
  EXPECT_EQ(level, LogLevel::kError);
  EXPECT_EQ(error, "must be one of 'debug' 'info' 'warning' 'error' 'off'");
}

}  // namespace
}  // namespace gather::ops
