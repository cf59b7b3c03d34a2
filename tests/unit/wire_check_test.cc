#include "server/rpc/wire_check.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <random>
#include <string>

#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/message.h"
#include "google/protobuf/type.pb.h"

namespace gather::rpc {
namespace {

using google::protobuf::Message;
using google::protobuf::Type;

// A message of proto3 with text, numbers, bytes, lists and messages in it.
Type Example() {
  Type type;
  type.set_name("gather.Type");
  type.set_syntax(google::protobuf::SYNTAX_PROTO3);
  type.add_oneofs("name");
  auto* field = type.add_fields();
  field->set_number(70000);
  field->set_packed(true);
  field->set_kind(google::protobuf::Field::TYPE_SINT32);
  auto* option = field->add_options();
  option->set_name("größe");
  option->mutable_value()->set_value(std::string("\xff\x00\x80", 3));
  type.mutable_source_context()->set_file_name("type.proto");
  return type;
}

bool Accepts(const Message& prototype, const std::string& bytes) {
  return WireCheck(*prototype.GetDescriptor()).Accepts(bytes);
}

TEST(WireCheckTest, AcceptsAWholeMessage) {
  EXPECT_TRUE(Accepts(Type(), Example().SerializeAsString()));
  EXPECT_TRUE(Accepts(Type(), ""));
}

TEST(WireCheckTest, RefusesOneThatIsCut) {
  const std::string bytes = Example().SerializeAsString();
  const WireCheck check(*Type::descriptor());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::string cut = bytes.substr(0, size);
    EXPECT_EQ(check.Accepts(cut), Type().ParseFromString(cut)) << size;
  }
}

TEST(WireCheckTest, RefusesTextThatIsNotUtf8WhereverItStands) {
  EXPECT_FALSE(Accepts(Type(), "\x0a\x01\xff"));          // name
  EXPECT_FALSE(Accepts(Type(), "\x2a\x03\x0a\x01\xff"));  // of a file
  EXPECT_TRUE(Accepts(Type(), "\x9a\x06\x01\xff"));       // of nothing known
}

TEST(WireCheckTest, KnowsUnknownFieldsOfAnyKind) {
  EXPECT_TRUE(Accepts(Type(), "\x98\x06\x01"));  // a number
  EXPECT_TRUE(Accepts(Type(),
                      "\x9d\x06"
                      "abcd"));  // 32 bits
  EXPECT_TRUE(Accepts(Type(),
                      "\x99\x06"
                      "abcdefgh"));                           // 64 bits
  EXPECT_TRUE(Accepts(Type(), "\x9b\x06\x08\x01\x9c\x06"));   // a group
  EXPECT_FALSE(Accepts(Type(), "\x9b\x06\x08\x01\xa4\x06"));  // another's end
  EXPECT_FALSE(Accepts(Type(), "\x9c\x06"));                  // an end alone
  EXPECT_FALSE(Accepts(Type(), std::string("\x02\x00", 2)));  // number 0
}

TEST(WireCheckTest, GoesAsDeepAsProtobufDoes) {
  using google::protobuf::DescriptorProto;
  const WireCheck check(*DescriptorProto::descriptor());
  std::string nested;
  for (int depth = 1; depth <= 120; ++depth) {
    const std::size_t size = nested.size();
    std::string length;
    for (std::size_t rest = size; true; rest >>= 7) {
      length += static_cast<char>(rest < 128 ? rest : (rest & 127) | 128);
      if (rest < 128) break;
    }
    nested = "\x1a" + length + nested;  // nested_type
    EXPECT_EQ(check.Accepts(nested), DescriptorProto().ParseFromString(nested))
        << depth;
  }
}

// Against Protobuf's own parser, on messages that were damaged at random.
TEST(WireCheckTest, SaysWhatTheParserSays) {
  const WireCheck check(*Type::descriptor());
  const std::string good = Example().SerializeAsString();
  std::mt19937 random(20261124);
  int refused = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string bytes = good;
    for (auto hits = random() % 4; hits > 0; --hits) {
      const std::size_t at = random() % bytes.size();
      switch (random() % 3) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes.insert(at, 1, static_cast<char>(random() % 32));
          break;
        default:
          bytes.erase(at, 1);
      }
    }
    const bool parsed = Type().ParseFromString(bytes);
    refused += !parsed;
    ASSERT_EQ(check.Accepts(bytes), parsed) << testing::PrintToString(bytes);
  }
  // Both kinds have been seen.
  EXPECT_GT(refused, 1'000);
  EXPECT_LT(refused, 49'000);
}

}  // namespace
}  // namespace gather::rpc
