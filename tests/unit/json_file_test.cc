#include "server/json/json_file.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
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
  const JsonError error = TellError(
      "Expected an object key or }.\n"
      "\"timeout\": \"0.3s\",,\n  }\n}\n"
      "\n                  ^",
      kText);
  EXPECT_EQ(error.place, "line 3, column 34: ");
  EXPECT_EQ(error.words, "Expected an object key or }.");
}

TEST(JsonFileTest, TheFirstLineIsOne) {
  EXPECT_EQ(TellError("Unexpected token.\n{,}\n ^", "{,}").place,
            "line 1, column 2: ");
}

TEST(JsonFileTest, ATextThatEndsTooSoonIsWrongAtItsEnd) {
  const std::string message = "Unexpected end of string.\n\n^";
  EXPECT_EQ(TellError(message, "").place, "line 1, column 1: ");
  EXPECT_EQ(TellError(message, "{\n  \"a\": 1").place, "line 2, column 9: ");
  EXPECT_EQ(TellError(message, "{\n\n").place, "line 3, column 1: ");
  // The same text is there before.
  EXPECT_EQ(TellError("Unexpected token.\ntru\n^", "[true,\n tru").place,
            "line 2, column 2: ");
}

TEST(JsonFileTest, OfSeveralPlacesTheFirstIsTold) {
  const JsonError error =
      TellError("Unexpected token.\n[x]\n ^", "\n[x]\n[x],\n[0]");
  EXPECT_EQ(error.place, "line 2 or further down: ");
  EXPECT_EQ(error.words, "Unexpected token.");
}

TEST(JsonFileTest, ColumnsAreCharactersWhateverEndsALine) {
  EXPECT_EQ(TellError("No.\n1,,\n  ^", "{\r\n\t\"h\u00f4tels\": 1,, 2}").place,
            "line 2, column 14: ");
}

TEST(JsonFileTest, APlaceThatTheTextHasNotIsNotTold) {
  EXPECT_EQ(TellError("Unexpected token.\n[x]\n ^", "[y]").place, "");
  EXPECT_EQ(TellError("Unexpected token.\nab\n      ^", "ab").place, "");
}

TEST(JsonFileTest, OtherWordsAreInOneLine) {
  EXPECT_EQ(TellError("(users[1]) idx: Cannot find field.", "{}").words,
            "(users[1]) idx: Cannot find field.");
  EXPECT_EQ(TellError("say \"a\"\n and 'b'\x01", "{}").words,
            "say \"a\" and 'b'\\001");
  for (const char* message : {"", "\n", "\n\n", "a\nb", "a\nb\n", "a\nb\n ",
                              "a\nb\n^ ", "near 1:1"}) {
    EXPECT_EQ(TellError(message, "b").place, "") << message;
  }
}

TEST(JsonFileTest, AByteOrderMarkIsLeftOut) {
  const std::string path = ::testing::TempDir() + "byte_order_mark.json";
  std::ofstream(path) << "\xef\xbb\xbf{}\n";
  const absl::StatusOr<std::string> text = ReadFile(path);
  std::remove(path.c_str());
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(*text, "{}\n");
}

// Whatever its version, a reader sees the line.
TEST(JsonFileTest, WhatProtobufSaysHasTheLine) {
  google::protobuf::Struct object;
  const auto parsed =
      google::protobuf::util::JsonStringToMessage(kText, &object);
  ASSERT_FALSE(parsed.ok());
  const JsonError error = ErrorOf(parsed, kText);
  const std::string all = error.place + error.words;
  EXPECT_TRUE(all.find("line 3, column 34") != std::string::npos ||
              all.find("near 3:") != std::string::npos)
      << all;
}

}  // namespace
}  // namespace gather::json
