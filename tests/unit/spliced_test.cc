#include "server/rpc/spliced.h"

#include <grpcpp/support/slice.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "gather/aggregator/v1/aggregator.pb.h"

namespace gather::rpc {
namespace {

using Answer = aggregator::v1::GetOverviewResponse;
using Orders = aggregator::v1::OrdersSection;

constexpr int kOrders = Answer::kOrdersFieldNumber;
constexpr int kProducts = Answer::kProductsFieldNumber;

// The fields of orders with an id of so many letters each.
Orders OrdersOf(const std::vector<std::size_t>& letters) {
  Orders orders;
  for (const std::size_t count : letters) {
    orders.add_orders()->set_id(std::string(count, 'x'));
  }
  return orders;
}

std::vector<grpc::Slice> SlicesOf(const Orders& orders, std::size_t piece) {
  const std::string bytes = orders.SerializeAsString();
  std::vector<grpc::Slice> slices;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    slices.emplace_back(bytes.substr(at, piece));
  }
  return slices;
}

// With something before, in and after the orders.
Spliced<Answer> Whole() {
  Spliced<Answer> answer;
  answer.message().mutable_user()->mutable_user()->set_id("alice");
  answer.message().mutable_orders()->mutable_status()->set_reason("R");
  answer.message().mutable_products()->mutable_status()->set_reason("P");
  answer.message().set_complete(true);
  return answer;
}

Answer Read(const Spliced<Answer>& answer) {
  Answer read;
  EXPECT_TRUE(read.ParseFromString(answer.SerializeAsString()));
  return read;
}

TEST(SplicedTest, FieldsStandBehindTheMessagesOwn) {
  // Below and above what is copied, and around each size of a length.
  for (const std::size_t letters : {1, 100, 130, 5000, 20'000, 100'000}) {
    for (const std::size_t piece : {100, 4095, 4096, 16'384}) {
      const Orders orders = OrdersOf({letters, 3, letters});
      Spliced<Answer> answer = Whole();
      Answer expected = answer.message();
      expected.mutable_orders()->MergeFrom(orders);
      answer.Splice(kOrders, SlicesOf(orders, piece));
      const Answer read = Read(answer);
      EXPECT_EQ(read.SerializeAsString(), expected.SerializeAsString());
      EXPECT_NEAR(static_cast<double>(answer.Size()),
                  static_cast<double>(expected.ByteSizeLong()), 4);
      EXPECT_EQ(answer.SizeOf(kOrders), expected.orders().ByteSizeLong());
    }
  }
}

// A reader that does not merge, as some do not, loses nothing.
TEST(SplicedTest, EachFieldIsWrittenOnce) {
  Spliced<Answer> answer = Whole();
  answer.Splice(kOrders, SlicesOf(OrdersOf({10'000}), 5000));
  answer.Splice(kProducts, {grpc::Slice(std::string("\x20\x07"))});
  const std::string bytes = answer.SerializeAsString();
  Answer own;
  ASSERT_TRUE(own.ParseFromString(bytes));
  EXPECT_EQ(bytes.size(), own.ByteSizeLong());
}

TEST(SplicedTest, FieldThatIsNotThereIsAdded) {
  Spliced<Answer> answer;
  answer.Splice(kOrders, SlicesOf(OrdersOf({3}), 100));
  EXPECT_EQ(Read(answer).orders().orders_size(), 1);
}

TEST(SplicedTest, NothingIsAMessage) {
  EXPECT_EQ(Spliced<Answer>().SerializeAsString(), "");
  Spliced<Answer> answer;
  answer.Splice(kOrders, {});
  EXPECT_EQ(answer.SerializeAsString(), "");
}

TEST(SplicedTest, TheLastSpliceCounts) {
  Spliced<Answer> answer = Whole();
  answer.Splice(kOrders, SlicesOf(OrdersOf({1, 2, 3}), 100));
  answer.Splice(kOrders, SlicesOf(OrdersOf({4}), 100));
  EXPECT_EQ(Read(answer).orders().orders_size(), 1);
}

TEST(SplicedTest, ClearLeavesTheFieldEmpty) {
  Spliced<Answer> answer = Whole();
  answer.Splice(kOrders, SlicesOf(OrdersOf({10'000}), 5000));
  answer.Clear(kOrders);
  EXPECT_EQ(answer.SizeOf(kOrders), 0U);
  const Answer read = Read(answer);
  EXPECT_TRUE(read.has_orders());
  EXPECT_EQ(read.orders().ByteSizeLong(), 0U);
  EXPECT_EQ(read.products().status().reason(), "P");
}

TEST(SplicedTest, LargeSlicesAreNotCopied) {
  const grpc::Slice large(OrdersOf({10'000}).SerializeAsString());
  Spliced<Answer> answer = Whole();
  answer.Splice(kOrders, {large});
  std::vector<grpc::Slice> slices;
  ASSERT_TRUE(answer.Serialize().Dump(&slices).ok());
  ASSERT_EQ(slices.size(), 3U);
  EXPECT_EQ(slices[1].begin(), large.begin());
}

}  // namespace
}  // namespace gather::rpc
