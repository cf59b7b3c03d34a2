#include "server/json/json_file.h"

#include <gtest/gtest.h>

#include <string>

#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"

namespace gather::json {
namespace {

constexpr char kText[] =
    "{\n"
    "  \"sections\": {\n"
    "    \"orders\": {\"timeout\": \"0.3s\",,\n"
    "  }\n"
    "}\n";

TEST(JsonFileTest, APlaceThatIsDrawnIsToldByLineAndColumn) {
  const JsonError error = TellPlace(
      "Expected an object key or }.\n"
      "\"timeout\": \"0.3s\",,\n  }\n}\n"
      "\n                  ^",
      kText);
  EXPECT_EQ(error.place, "line 3, column 34: ");
  EXPECT_EQ(error.words, "Expected an object key or }.");
}

TEST(JsonFileTest, TheFirstLineIsOne) {
  EXPECT_EQ(TellPlace("Unexpected token.\n{,}\n ^", "{,}").place,
            "line 1, column 2: ");
}

TEST(JsonFileTest, APlaceThatMightBeAnotherIsNotTold) {
  for (const char* text : {"[x]\n[x]\n", "not what is drawn", ""}) {
    const std::string message = "Unexpected token.\n[x]\n ^";
    const JsonError error = TellPlace(message, text);
    EXPECT_EQ(error.place, "") << text;
    EXPECT_EQ(error.words, message) << text;
  }
}

TEST(JsonFileTest, OtherWordsAreLeftAsTheyAre) {
  for (const char* message :
       {"", "\n", "\n\n", "a\nb", "a\nb\n", "a\nb\n ", "a\nb\n^ ", "a\nb\n  ^",
        "a\n\n^", "(users[1]) idx: Cannot find field.",
        "invalid JSON in gather.dataset.v1.Users, near 1:1"}) {
    const JsonError error = TellPlace(message, "b");
    EXPECT_EQ(error.place, "") << message;
    EXPECT_EQ(error.words, message);
  }
}

// Whatever its version, a reader sees the line.
TEST(JsonFileTest, WhatProtobufSaysHasTheLine) {
  google::protobuf::Struct object;
  const auto parsed =
      google::protobuf::util::JsonStringToMessage(kText, &object);
  ASSERT_FALSE(parsed.ok());
  const auto message = parsed.message();
  const JsonError error = TellPlace({message.data(), message.size()}, kText);
  const std::string all = error.place + error.words;
  EXPECT_TRUE(all.find("line 3, column 34") != std::string::npos ||
              all.find("near 3:") != std::string::npos)
      << all;
}

}  // namespace
}  // namespace gather::json
