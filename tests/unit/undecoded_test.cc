#include "server/rpc/undecoded.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

namespace gather::rpc {
namespace {

constexpr std::size_t kLargest = 4 << 20;  // what a channel takes

// So many bytes of items of a list, each of that much content.
std::string ListOf(std::size_t bytes, std::size_t item) {
  const std::string field =
      '\x12' + std::string(1, static_cast<char>(item)) + std::string(item, 'x');
  std::string list;
  while (list.size() + field.size() <= bytes) list += field;
  return list;
}

TEST(UndecodedTest, KeepsFieldsAsTheyCame) {
  Undecoded message;
  ASSERT_TRUE(message.ParseFromString(std::string("\x12\x02hi\x18\x07", 6)));
  ASSERT_EQ(message.fields().field_count(), 2);
  EXPECT_EQ(message.fields().field(0).length_delimited(), "hi");
  EXPECT_EQ(message.fields().field(1).varint(), 7U);
}

TEST(UndecodedTest, GarbageIsUnreadable) {
  Undecoded message;
  EXPECT_FALSE(message.ParseFromString("\x0a\x7fgarbage"));
}

// It would take thirty times its size.
TEST(UndecodedTest, LargeListOfEmptyItemsIsRefusedBeforeItCostsMemory) {
  Undecoded message;
  EXPECT_FALSE(message.ParseFromString(ListOf(kLargest, 0)));
  EXPECT_EQ(message.fields().SpaceUsedExcludingSelfLong(), 0U);
}

TEST(UndecodedTest, NorAreThereMoreInAGroup) {
  Undecoded message;
  const std::string list = '\x1b' + ListOf(kLargest, 0) + '\x1c';
  EXPECT_FALSE(message.ParseFromString(list));
}

TEST(UndecodedTest, ShortListOfEmptyItemsIsTaken) {
  Undecoded message;
  EXPECT_TRUE(message.ParseFromString(ListOf(100'000, 0)));
  EXPECT_EQ(message.fields().field_count(), 50'000);
}

TEST(UndecodedTest, LargeListOfSmallItemsIsTakenAtSomeSixTimesItsSize) {
  Undecoded message;
  ASSERT_TRUE(message.ParseFromString(ListOf(kLargest, 14)));
  EXPECT_LT(message.fields().SpaceUsedExcludingSelfLong(), 7 * kLargest);
}

}  // namespace
}  // namespace gather::rpc
