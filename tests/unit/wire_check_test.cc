#include "server/rpc/wire_check.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <random>
#include <string>

#include "gather/testing/v1/json.pb.h"
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

TEST(WireCheckTest, RefusesTimesOutOfTheirRange) {
  const auto accepts = [](int64_t seconds, int32_t nanos) {
    testing::v1::AnyKind message;
    message.mutable_time()->set_seconds(seconds);
    message.mutable_time()->set_nanos(nanos);
    testing::v1::AnyKind outer;
    *outer.add_messages() = message;
    return Accepts(message, outer.SerializeAsString());
  };
  EXPECT_TRUE(accepts(0, 0));
  EXPECT_TRUE(accepts(-62'135'596'800, 0));
  EXPECT_TRUE(accepts(253'402'300'799, 999'999'999));
  EXPECT_FALSE(accepts(-62'135'596'801, 0));
  EXPECT_FALSE(accepts(253'402'300'800, 0));
  EXPECT_FALSE(accepts(1'000'000'000'000'000, 0));
  EXPECT_FALSE(accepts(0, -1));
  EXPECT_FALSE(accepts(0, 1'000'000'000));
}

TEST(WireCheckTest, RefusesDurationsOutOfTheirRange) {
  const auto accepts = [](int64_t seconds, int32_t nanos) {
    testing::v1::AnyKind message;
    message.mutable_duration()->set_seconds(seconds);
    message.mutable_duration()->set_nanos(nanos);
    return Accepts(message, message.SerializeAsString());
  };
  EXPECT_TRUE(accepts(-315'576'000'000, -999'999'999));
  EXPECT_FALSE(accepts(315'576'000'001, 0));
  EXPECT_FALSE(accepts(1, -1));
  EXPECT_FALSE(accepts(-1, 1));
}

TEST(WireCheckTest, TakesTheLastNumberOfATime) {
  // Field 21, a Timestamp: nanos of -1 (ten bytes), then of 1.
  const std::string bad = "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
  const testing::v1::AnyKind any;
  EXPECT_FALSE(Accepts(any, "\xaa\x01\x0b" + bad));
  EXPECT_TRUE(Accepts(any, "\xaa\x01\x0d" + bad + "\x10\x01"));
  EXPECT_FALSE(Accepts(any, "\xaa\x01\x02\x10"));  // cut
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

std::string Varint(std::size_t value) {
  std::string bytes;
  for (; value >= 128; value >>= 7) {
    bytes += static_cast<char>((value & 127) | 128);
  }
  return bytes + static_cast<char>(value);
}

TEST(WireCheckTest, GoesAsDeepAsProtobufDoes) {
  using google::protobuf::DescriptorProto;
  const WireCheck check(*DescriptorProto::descriptor());
  const WireCheck lower(*DescriptorProto::descriptor(), 1);
  std::string nested;
  for (int depth = 1; depth <= 120; ++depth) {
    const std::string above = "\x1a" + Varint(nested.size()) + nested;
    EXPECT_EQ(check.Accepts(nested), DescriptorProto().ParseFromString(nested))
        << depth;
    EXPECT_EQ(lower.Accepts(nested), DescriptorProto().ParseFromString(above))
        << depth;
    nested = above;  // a nested_type
  }
}

TEST(WireCheckTest, GroupsAreAsDeepAsProtobufTakesThem) {
  const WireCheck check(*Type::descriptor());
  for (std::size_t depth : {1, 50, 99, 100, 101, 200}) {
    std::string groups;
    for (std::size_t i = 0; i < depth; ++i) groups += "\x9b\x06";
    for (std::size_t i = 0; i < depth; ++i) groups += "\x9c\x06";
    EXPECT_EQ(check.Accepts(groups), Type().ParseFromString(groups)) << depth;
  }
}

TEST(WireCheckTest, RefusesTagsAndLengthsOfTooManyBytes) {
  // A name "x", its tag, then its length, padded to 5 and to 6 bytes.
  EXPECT_TRUE(Accepts(Type(), std::string("\x8a\x80\x80\x80\0\x01x", 7)));
  EXPECT_FALSE(Accepts(Type(), std::string("\x8a\x80\x80\x80\x80\0\x01x", 8)));
  EXPECT_TRUE(Accepts(Type(), std::string("\x0a\x81\x80\x80\x80\0x", 7)));
  EXPECT_FALSE(Accepts(Type(), std::string("\x0a\x81\x80\x80\x80\x80\0x", 8)));
}

TEST(WireCheckTest, RefusesNumbersThatAreTooLarge) {
  const std::string nine = "\x30" + std::string(9, '\xff');  // a syntax
  EXPECT_TRUE(Accepts(Type(), nine + "\x01"));
  EXPECT_FALSE(Accepts(Type(), nine + "\x02"));
  EXPECT_FALSE(Accepts(Type(), nine + "\xff\x01"));
  EXPECT_FALSE(Accepts(Type(), "\x0a" + Varint(std::size_t{1} << 31) + "x"));
}

// Damage as it comes: a byte changed, put in or lost, or a varint made longer.
void Damage(std::string& bytes, std::mt19937& random) {
  const std::size_t at = random() % bytes.size();
  switch (random() % 4) {
    case 0:
      bytes[at] = static_cast<char>(random());
      break;
    case 1:
      bytes.insert(at, 1, static_cast<char>(random() % 32));
      break;
    case 2:
      bytes.erase(at, 1);
      break;
    default:
      bytes[at] = static_cast<char>(bytes[at] | '\x80');
      bytes.insert(at + 1, std::string(random() % 9, '\x80') + '\0');
  }
}

// Against Protobuf's own parser.
TEST(WireCheckTest, AcceptsNothingThatTheParserRefuses) {
  const WireCheck check(*Type::descriptor());
  const std::string good = Example().SerializeAsString();
  std::mt19937 random(20261124);
  int accepted = 0;
  int stricter = 0;
  constexpr int kMessages = 100'000;
  for (int i = 0; i < kMessages; ++i) {
    std::string bytes = good;
    for (auto hits = random() % 4; hits > 0; --hits) Damage(bytes, random);
    const bool parsed = Type().ParseFromString(bytes);
    if (check.Accepts(bytes)) {
      ++accepted;
      ASSERT_TRUE(parsed) << ::testing::PrintToString(bytes);
    } else {
      stricter += parsed;
    }
  }
  // Both kinds have been seen, and it refuses little that is good.
  EXPECT_GT(accepted, kMessages / 10);
  EXPECT_LT(accepted, kMessages * 9 / 10);
  EXPECT_LT(stricter, accepted / 100);
}

}  // namespace
}  // namespace gather::rpc
