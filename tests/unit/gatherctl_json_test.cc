#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "client/json.h"
#include "client/json_value.h"
#include "gather/aggregator/v1/aggregator.pb.h"
#include "gather/testing/v1/json.pb.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"

namespace gather::client {
namespace {

using gather::aggregator::v1::GetOverviewResponse;
using gather::testing::v1::AnyKind;
using google::protobuf::Message;
using google::protobuf::util::JsonStringToMessage;
using google::protobuf::util::MessageDifferencer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

struct Written {
  std::string json;
  JsonOmissions omitted;
};

Written Write(const Message& message, bool one_line = true) {
  Written written;
  EXPECT_TRUE(WriteJson(
      message, one_line,
      [&](std::string_view piece) {
        written.json += piece;
        return true;
      },
      written.omitted));
  return written;
}

// One of each kind, each with a value that a printer may get wrong.
AnyKind EachKind() {
  AnyKind kind;
  kind.set_an_int32(std::numeric_limits<int32_t>::min());
  kind.set_a_uint32(std::numeric_limits<uint32_t>::max());
  kind.set_an_int64(std::numeric_limits<int64_t>::min());
  kind.set_a_uint64(std::numeric_limits<uint64_t>::max());
  kind.set_a_double(0.1);
  kind.set_a_float(0.1F);
  kind.set_a_bool(true);
  kind.set_colour(AnyKind::COLOUR_RED);
  kind.set_a_string("\"\\\n\x01\u202e\uFFFE李");
  kind.set_some_bytes(std::string("\x00\xff\x10", 3));
  kind.set_maybe(0);
  kind.set_left("");
  kind.mutable_nested()->set_an_int32(1);
  kind.add_numbers(1);
  kind.add_numbers(-2);
  kind.add_strings("\u2066");
  kind.add_messages();
  kind.add_messages()->add_colours(static_cast<AnyKind::Colour>(7));
  (*kind.mutable_by_string())["a\"b"] = 1;
  (*kind.mutable_by_number())[-5].set_a_bool(true);
  (*kind.mutable_by_bool())[true].set_seconds(1);
  return kind;
}

void SetWellKnownTypes(AnyKind& kind) {
  kind.mutable_time()->set_seconds(1'714'521'600);
  kind.mutable_time()->set_nanos(1000);
  kind.mutable_duration()->set_seconds(-1);
  kind.mutable_duration()->set_nanos(-500'000'000);
  kind.mutable_mask()->add_paths("user.display_name");
  auto& fields = *kind.mutable_a_struct()->mutable_fields();
  fields["\u2066"].set_string_value("\u2069");
  fields["list"].mutable_list_value()->add_values()->set_number_value(1);
  EXPECT_TRUE(kind.mutable_any()->PackFrom(kind.nested()));
  kind.mutable_wrapped()->set_value(1);
}

TEST(WriteJsonTest, ReadsBackAsTheSameMessage) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "Protobuf's headers lay out maps as the library, which was "
                  "built without ThreadSanitizer, does not";
#endif
  AnyKind kind = EachKind();
  SetWellKnownTypes(kind);
  for (const bool one_line : {true, false}) {
    const Written written = Write(kind, one_line);
    EXPECT_EQ(written.omitted.count, 0);
    AnyKind read;
    const auto status = JsonStringToMessage(written.json, &read);
    ASSERT_TRUE(status.ok()) << status.ToString() << written.json;
    EXPECT_TRUE(MessageDifferencer::Equals(read, kind)) << written.json;
  }
}

TEST(WriteJsonTest, HasTheFieldsThatHaveADefaultAndNoOthers) {
  EXPECT_EQ(Write(GetOverviewResponse()).json, "{\"complete\":false}\n");
  const std::string json = Write(AnyKind()).json;
  EXPECT_THAT(json, HasSubstr("\"anInt64\":\"0\",\"aUint64\":\"0\","
                              "\"aDouble\":0,\"aFloat\":0,\"aBool\":false,"
                              "\"colour\":\"COLOUR_UNSPECIFIED\","
                              "\"aString\":\"\",\"someBytes\":\"\","
                              "\"numbers\":[],"));
  EXPECT_THAT(json, HasSubstr("\"byString\":{},"));
  EXPECT_THAT(json, HasSubstr("\"null\":null,"));
  for (const char* absent : {"maybe", "left", "right", "nested", "time\""}) {
    EXPECT_THAT(json, Not(HasSubstr(absent)));
  }
}

TEST(WriteJsonTest, LooksAsProtobufsOwnPrinterWouldHaveIt) {
  GetOverviewResponse response;
  response.mutable_user()->mutable_user()->set_display_name("Ada");
  response.mutable_orders()->add_orders()->add_line_items()->set_quantity(2);
  response.mutable_orders()->add_orders()->mutable_total()->set_units(3);
  response.mutable_products()->add_products()->set_rating(4.5);
  response.mutable_timing()->mutable_duration()->set_nanos(1'000'000);
  for (const bool one_line : {true, false}) {
    google::protobuf::util::JsonPrintOptions options;
    options.add_whitespace = !one_line;
    std::string theirs;
    ASSERT_TRUE(
        google::protobuf::util::MessageToJsonString(response, &theirs, options)
            .ok());
    GetOverviewResponse read;
    const std::string ours = Write(response, one_line).json;
    ASSERT_TRUE(JsonStringToMessage(ours, &read).ok());
    EXPECT_TRUE(MessageDifferencer::Equals(read, response));
    // Theirs has no defaults here; the name of an option that adds them has
    // changed. The beginning is the same.
    EXPECT_EQ(ours.substr(0, 12), theirs.substr(0, 12));
  }
  EXPECT_EQ(Write(response.user().status(), false).json,
            "{\n \"state\": \"SECTION_STATE_UNSPECIFIED\",\n \"code\": 0,\n"
            " \"reason\": \"\",\n \"message\": \"\",\n \"attempts\": 0,\n "
            "\"attemptsLog\": [],\n \"failedDependency\": \"\",\n "
            "\"coalesced\": false\n}\n");
}

TEST(WriteJsonTest, EscapesWhatIsNotSafeToPrint) {
  GetOverviewResponse response;
  response.mutable_user()->mutable_user()->set_display_name(
      "a\u2066b\u2069\u202e\u200f\u009b\x7f");
  EXPECT_THAT(Write(response).json,
              HasSubstr("\"a\\u2066b\\u2069\\u202e\\u200f\\u009b\\u007f\""));
}

TEST(WriteJsonTest, LeavesOutOnlyWhatHasNoJsonForm) {
  GetOverviewResponse response;
  auto& user = *response.mutable_user()->mutable_user();
  user.set_id("ada");
  user.mutable_create_time()->set_seconds(253'402'300'800);  // the year 10000
  response.mutable_orders()->add_orders()->mutable_create_time();
  response.mutable_orders()->add_orders()->mutable_create_time()->set_nanos(-1);
  const Written written = Write(response);
  EXPECT_THAT(written.omitted.paths,
              ElementsAre("user.user.create_time (no JSON form)",
                          "orders.orders[1].create_time (no JSON form)"));
  GetOverviewResponse read;
  ASSERT_TRUE(JsonStringToMessage(written.json, &read).ok());
  user.clear_create_time();
  response.mutable_orders()->mutable_orders(1)->clear_create_time();
  EXPECT_TRUE(MessageDifferencer::Equals(read, response)) << written.json;
}

TEST(WriteJsonTest, LeavesOutWhereverItStands) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "Protobuf's headers lay out maps as the library, which was "
                  "built without ThreadSanitizer, does not";
#endif
  AnyKind kind;
  kind.mutable_any()->set_type_url("type.googleapis.com/no.such.Type");
  kind.mutable_any()->set_value("\x08\x01");
  kind.mutable_duration()->set_seconds(1);
  kind.mutable_duration()->set_nanos(-1);
  kind.add_times()->set_seconds(1);
  kind.add_times()->set_nanos(1'000'000'000);
  kind.add_times()->set_seconds(2);
  (*kind.mutable_by_bool())[true].set_nanos(-1);
  const Written written = Write(kind);
  EXPECT_EQ(written.omitted.count, 4);
  EXPECT_THAT(written.omitted.paths,
              ElementsAre("by_bool[0].value (no JSON form)",
                          "duration (no JSON form)", "any (no JSON form)"));
  EXPECT_THAT(written.json, HasSubstr("\"byBool\":{}"));
  EXPECT_THAT(written.json, HasSubstr("\"times\":[\"1970-01-01T00:00:01Z\","
                                      "\"1970-01-01T00:00:02Z\"]"));
}

TEST(WriteJsonTest, CountsWhatItLeavesOutAndNamesTheFirst) {
  GetOverviewResponse response;
  for (int i = 0; i < 1000; ++i) {
    auto& order = *response.mutable_orders()->add_orders();
    order.mutable_create_time()->set_nanos(-1);
  }
  const JsonOmissions omitted = Write(response).omitted;
  EXPECT_EQ(omitted.count, 1000);
  EXPECT_EQ(omitted.paths.size(), 3u);
}

TEST(WriteJsonTest, HasABoundOnListsAndSaysSo) {
  GetOverviewResponse response;
  for (int i = 0; i < kMaxJsonItems; ++i) {
    response.mutable_products()->add_products()->set_id("x");
  }
  const auto count = [](const std::string& json) {
    int found = 0;
    for (size_t at = 0; (at = json.find("\"x\"", at)) != std::string::npos;
         ++at) {
      ++found;
    }
    return found;
  };
  const Written whole = Write(response);
  EXPECT_EQ(count(whole.json), kMaxJsonItems);
  EXPECT_EQ(whole.omitted.count, 0);
  for (int i = 0; i < 5; ++i) {
    response.mutable_products()->add_products()->set_id("x");
  }
  const Written cut = Write(response);
  EXPECT_EQ(count(cut.json), kMaxJsonItems);
  EXPECT_THAT(
      cut.omitted.paths,
      ElementsAre("products.products (items past the first 10000 of 10005)"));
}

TEST(WriteJsonTest, NeverHoldsMoreThanAPieceOfALongAnswer) {
  GetOverviewResponse response;
  for (int i = 0; i < 10'000; ++i) response.mutable_products()->add_products();
  size_t longest = 0;
  int pieces = 0;
  JsonOmissions omitted;
  EXPECT_TRUE(WriteJson(
      response, /*one_line=*/false,
      [&](std::string_view piece) {
        longest = std::max(longest, piece.size());
        ++pieces;
        return true;
      },
      omitted));
  EXPECT_GT(pieces, 10);
  EXPECT_LT(longest, 100'000u);
}

TEST(WriteJsonTest, StopsWhereNobodyTakesIt) {
  GetOverviewResponse response;
  for (int i = 0; i < 10'000; ++i) response.mutable_products()->add_products();
  int pieces = 0;
  JsonOmissions omitted;
  EXPECT_FALSE(WriteJson(
      response, /*one_line=*/false,
      [&](std::string_view) {
        ++pieces;
        return false;
      },
      omitted));
  EXPECT_EQ(pieces, 1);
}

TEST(JsonNumberTest, IsTheShortestThatReadsBackTheSame) {
  EXPECT_EQ(JsonNumber(0.1), "0.1");
  EXPECT_EQ(JsonNumber(0.1F), "0.1");
  EXPECT_EQ(JsonNumber(4.0), "4");
  EXPECT_EQ(JsonNumber(-1e300), "-1e+300");
  EXPECT_EQ(JsonNumber(std::numeric_limits<double>::quiet_NaN()), "\"NaN\"");
  EXPECT_EQ(JsonNumber(-std::numeric_limits<float>::infinity()),
            "\"-Infinity\"");
}

}  // namespace
}  // namespace gather::client
