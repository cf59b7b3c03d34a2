#include "server/rpc/undecoded.h"

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/escaping.h"
#include "google/protobuf/empty.pb.h"

namespace gather::rpc {
namespace {

using Field = Undecoded::Field;

constexpr std::size_t kLargest = 4 << 20;  // what a channel takes

// So many bytes of items of a list, each of that much content.
std::string ListOf(std::size_t bytes, std::size_t item) {
  const std::string field =
      '\x12' + std::string(1, static_cast<char>(item)) + std::string(item, 'x');
  std::string list;
  while (list.size() + field.size() <= bytes) list += field;
  return list;
}

std::vector<Field> FieldsOf(const Undecoded& message) {
  std::vector<Field> fields;
  message.ForEach([&](const Field& field) { fields.push_back(field); });
  return fields;
}

// What gRPC hands over where it has read the bytes in pieces of that size.
grpc::ByteBuffer InPieces(const std::string& bytes, std::size_t size) {
  std::vector<grpc::Slice> slices;
  for (std::size_t at = 0; at < bytes.size(); at += size) {
    slices.emplace_back(bytes.substr(at, size));
  }
  return grpc::ByteBuffer(slices.data(), slices.size());
}

Undecoded Received(const std::string& bytes, std::size_t piece) {
  grpc::ByteBuffer buffer = InPieces(bytes, piece);
  Undecoded message;
  EXPECT_TRUE(Undecoded::Receive(&buffer, &message).ok());
  return message;
}

std::string TextOf(const std::vector<grpc::Slice>& slices) {
  std::string text;
  for (const grpc::Slice& slice : slices) {
    text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return text;
}

TEST(UndecodedTest, FindsFieldsAsTheyCame) {
  Undecoded message;
  ASSERT_TRUE(
      message.ParseFromString("\x12\x02hi\x18\x07\x1d"
                              "1234\x23\x08\x01\x24"));
  const std::vector<Field> fields = FieldsOf(message);
  ASSERT_EQ(fields.size(), 4U);
  EXPECT_EQ(fields[0].type, Field::Type::kBytes);
  EXPECT_EQ(fields[0].bytes(), "hi");
  EXPECT_EQ(fields[1].type, Field::Type::kNumber);
  EXPECT_EQ(fields[1].number, 7U);
  EXPECT_EQ(fields[2].type, Field::Type::kFixed);
  EXPECT_EQ(fields[3].type, Field::Type::kGroup);
  EXPECT_EQ(fields[3].id, 4U);
}

TEST(UndecodedTest, TheLastOfAFieldCounts) {
  Undecoded message;
  ASSERT_TRUE(message.ParseFromString("\x0a\x01x\x0a\x01y\x08\x05"));
  EXPECT_EQ(message.FindLast(1, Field::Type::kBytes)->bytes(), "y");
  EXPECT_EQ(message.FindLast(1, Field::Type::kNumber)->number, 5U);
  EXPECT_EQ(message.FindLast(2, Field::Type::kBytes), nullptr);
}

// Wherever gRPC's slices end: in a tag, a length, a number or a text.
TEST(UndecodedTest, PiecesAreOneMessage) {
  std::string bytes;
  for (int i = 0; i < 40; ++i) {
    bytes += "\x0a\xac\x02" + std::string(300, static_cast<char>('a' + i % 26));
    bytes += "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
    bytes += "\x1b\x0a\x03in!\x1c";
    bytes +=
        "\x21"
        "12345678";
  }
  ASSERT_GT(bytes.size(), Undecoded::kCopied);
  Undecoded whole;
  ASSERT_TRUE(whole.ParseFromString(bytes));
  const std::vector<Field> expected = FieldsOf(whole);
  ASSERT_EQ(expected.size(), 160U);
  for (std::size_t piece = 1; piece < 600; ++piece) {
    const Undecoded message = Received(bytes, piece);
    const std::vector<Field> fields = FieldsOf(message);
    ASSERT_EQ(fields.size(), expected.size()) << piece;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      ASSERT_EQ(fields[i].id, expected[i].id);
      ASSERT_EQ(fields[i].begin, expected[i].begin);
      ASSERT_EQ(fields[i].type, expected[i].type);
      if (fields[i].type == Field::Type::kBytes) {
        ASSERT_EQ(fields[i].bytes(), expected[i].bytes());
      } else if (fields[i].type == Field::Type::kNumber) {
        ASSERT_EQ(fields[i].number, expected[i].number);
      }
    }
    ASSERT_EQ(message.SerializeAsString(), bytes);
    const auto no_group = [](const Field& field) {
      return field.type != Field::Type::kGroup;
    };
    ASSERT_EQ(TextOf(message.SlicesOf(no_group)),
              TextOf(whole.SlicesOf(no_group)));
  }
}

TEST(UndecodedTest, WhatIsCutWithinAFieldIsUnreadable) {
  const std::string bytes =
      "\x0a\x03"
      "abc"
      "\x10\x80\x01"
      "\x1d"
      "1234"
      "\x21"
      "12345678"
      "\x2b\x08\x01\x2c";
  const std::set<std::size_t> ends = {0, 5, 8, 13, 22, 26};
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    Undecoded message;
    EXPECT_EQ(message.ParseFromString(bytes.substr(0, size)),
              ends.contains(size))
        << size;
  }
}

TEST(UndecodedTest, GarbageIsUnreadable) {
  const std::string nul(1, '\0');
  const std::vector<std::string> garbage = {
      "\x0a\x7fgarbage",
      nul,  // field 0
      "\x0e",
      "\x0f",                                          // no type
      "\x0c",                                          // an end alone
      "\x0b\x14",                                      // another's end
      "\x8a\x80\x80\x80\x80" + nul + nul,              // a tag of 6 bytes
      "\x0a\xff\xff\xff\xff\x0f",                      // a length below 0
      "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",  // 65 bits
      "\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80" + nul};
  for (const std::string& bytes : garbage) {
    Undecoded message;
    EXPECT_FALSE(message.ParseFromString(bytes)) << absl::CHexEscape(bytes);
  }
}

TEST(UndecodedTest, GroupsAreReadAsDeepAsAParserReadsThem) {
  for (const int depth : {100, 101}) {
    const std::string bytes =
        std::string(static_cast<std::size_t>(depth), '\x0b') +
        std::string(static_cast<std::size_t>(depth), '\x0c');
    Undecoded message;
    EXPECT_EQ(message.ParseFromString(bytes),
              google::protobuf::Empty().ParseFromString(bytes));
  }
}

TEST(UndecodedTest, CopiesShareWhatTheyHold) {
  auto original = std::make_unique<Undecoded>(
      Received("\x0a\x02hi" + ListOf(2 * Undecoded::kCopied, 100), 1000));
  const Undecoded copy = *original;
  const std::string_view hi = copy.FindLast(1, Field::Type::kBytes)->bytes();
  EXPECT_EQ(hi.data(),
            original->FindLast(1, Field::Type::kBytes)->bytes().data());
  original.reset();
  EXPECT_EQ(hi, "hi");
}

TEST(UndecodedTest, AppendsAsAParserMerges) {
  Undecoded message;
  ASSERT_TRUE(message.ParseFromString("\x0a\x01x"));
  Undecoded more;
  ASSERT_TRUE(more.ParseFromString("\x0a\x01y\x10\x05"));
  message.Append(more);
  EXPECT_EQ(message.SerializeAsString(), "\x0a\x01x\x0a\x01y\x10\x05");
  EXPECT_EQ(message.FindLast(1, Field::Type::kBytes)->bytes(), "y");
  const auto texts = [](const Field& field) { return field.id == 1; };
  EXPECT_EQ(TextOf(message.SlicesOf(texts)), "\x0a\x01x\x0a\x01y");
}

// A reply that waits for the others is not to hold what gRPC read with it.
TEST(UndecodedTest, SmallMessageDoesNotHoldItsBuffer) {
  const grpc::Slice read(std::string(100'000, 'x'));
  const grpc::Slice pieces[] = {grpc::Slice(std::string("\x0a\x20")),
                                read.sub(0, 32)};
  grpc::ByteBuffer buffer(pieces, 2);
  Undecoded message;
  ASSERT_TRUE(Undecoded::Receive(&buffer, &message).ok());
  const std::string_view bytes =
      message.FindLast(1, Field::Type::kBytes)->bytes();
  EXPECT_EQ(bytes, std::string(32, 'x'));
  EXPECT_NE(bytes.data(), reinterpret_cast<const char*>(read.begin()));
}

TEST(UndecodedTest, LargeMessageIsNotCopied) {
  const std::string text(Undecoded::kCopied, 'x');
  const grpc::Slice read(text);
  const grpc::Slice pieces[] = {grpc::Slice(std::string("\x0a\x80\x20")), read};
  grpc::ByteBuffer buffer(pieces, 2);
  Undecoded message;
  ASSERT_TRUE(Undecoded::Receive(&buffer, &message).ok());
  EXPECT_EQ(static_cast<const void*>(
                message.FindLast(1, Field::Type::kBytes)->bytes().data()),
            read.begin());
}

// It would take twelve times its size.
TEST(UndecodedTest, LargeListOfEmptyItemsIsRefusedBeforeItCostsMemory) {
  Undecoded message;
  EXPECT_FALSE(message.ParseFromString(ListOf(kLargest, 0)));
  EXPECT_TRUE(FieldsOf(message).empty());
}

TEST(UndecodedTest, NorAreThereMoreInAGroup) {
  Undecoded message;
  const std::string list = '\x1b' + ListOf(kLargest, 0) + '\x1c';
  EXPECT_FALSE(message.ParseFromString(list));
}

TEST(UndecodedTest, ShortListOfEmptyItemsIsTaken) {
  Undecoded message;
  EXPECT_TRUE(message.ParseFromString(ListOf(100'000, 0)));
  EXPECT_EQ(FieldsOf(message).size(), 50'000U);
}

TEST(UndecodedTest, LargeListOfSmallItemsIsTaken) {
  Undecoded message;
  EXPECT_TRUE(message.ParseFromString(ListOf(kLargest, 14)));
  EXPECT_LE(sizeof(Field), 24U);
}

}  // namespace
}  // namespace gather::rpc
