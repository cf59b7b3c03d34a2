// A section of many calls: the purchases, in batches of products.

#include <gtest/gtest.h>

#include <cstddef>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/support/aggregator_fixture.h"

namespace gather::testing {
namespace {

namespace v1 = aggregator::v1;
using grpc::StatusCode;

class BatchesTest : public ::testing::Test {
 protected:
  ~BatchesTest() override { fixture_.StopBackends(); }

  AggregatorFixture fixture_;
};

// Orders of so many products, none of which is sold any more.
order::v1::ListOrdersResponse OrdersOf(int products) {
  order::v1::ListOrdersResponse reply;
  reply.set_user_id("u-1");
  for (int i = 0; i < products; ++i) {
    // Each twice, in one order and the next.
    for (int copy = 0; copy < 2; ++copy) {
      order::v1::Order* order = reply.add_orders();
      order->set_id(absl::StrCat("order-", i, "-", copy));
      order->add_line_items()->set_product_id(absl::StrCat("product-", i));
    }
  }
  return reply;
}

// Answers a batch as asked, once the gate is open.
Answer AnswerBatch(const SeenCall& seen, Gate* gate) {
  product::v1::BatchGetProductsResponse reply;
  for (const std::string& id : seen.ids) reply.add_missing_ids(id);
  Answer answer = AnswerBytes(reply.SerializeAsString());
  answer.gate = gate;
  return answer;
}

TEST_F(BatchesTest, ManyProductsAreAskedForInBatchesSoManyAtATime) {
  constexpr int kProducts = 650;  // seven batches
  Gate gate;
  fixture_.orders.SetScript(
      {AnswerBytes(OrdersOf(kProducts).SerializeAsString())});
  fixture_.purchases.SetRule(
      [&gate](const SeenCall& seen) { return AnswerBatch(seen, &gate); });
  PendingOverview pending(fixture_.stub(), RequestForAll("u-1"));
  ASSERT_TRUE(fixture_.purchases.calls().WaitFor(4));
  // No fifth while none of four has ended: it would have come with them.
  ASSERT_TRUE(fixture_.Get(RequestFor("u-2")).status.ok());
  EXPECT_EQ(fixture_.purchases.calls().count(), 4);
  gate.Open();

  const v1::GetOverviewResponse& response = pending.Await().response;
  EXPECT_TRUE(response.complete());
  EXPECT_EQ(response.purchases().status().attempts(), 7);
  ASSERT_EQ(response.purchases().missing_ids_size(), kProducts);
  for (int i = 0; i < kProducts; ++i) {
    EXPECT_EQ(response.purchases().missing_ids(i), absl::StrCat("product-", i));
  }
  std::set<std::string> asked;
  for (const SeenCall& call : fixture_.purchases.seen()) {
    EXPECT_LE(call.ids.size(), 100U);
    asked.insert(call.ids.begin(), call.ids.end());
  }
  EXPECT_EQ(asked.size(), static_cast<std::size_t>(kProducts));
}

TEST_F(BatchesTest, BatchThatFailsCostsTheSectionAndTheBatchesAfterIt) {
  fixture_.orders.SetScript({AnswerBytes(OrdersOf(650).SerializeAsString())});
  fixture_.purchases.SetScript({Fail(StatusCode::INTERNAL)});
  const Overview overview = fixture_.Get(RequestForAll("u-1"));
  ASSERT_TRUE(overview.status.ok()) << overview.status.error_message();
  EXPECT_EQ(overview.response.purchases().status().reason(), "BACKEND_ERROR");
  EXPECT_EQ(overview.response.purchases().missing_ids_size(), 0);
  EXPECT_LE(fixture_.purchases.calls().count(), 4);
}

TEST_F(BatchesTest, WithoutOrdersThereIsNothingToAskFor) {
  fixture_.orders.SetScript({AnswerBytes(OrdersOf(0).SerializeAsString())});
  const Overview overview = fixture_.Get(RequestForAll("u-1"));
  ASSERT_TRUE(overview.status.ok()) << overview.status.error_message();
  EXPECT_TRUE(overview.response.complete());
  EXPECT_EQ(overview.response.purchases().status().state(),
            fanout::v1::SECTION_STATE_OK);
  EXPECT_EQ(overview.response.purchases().status().attempts(), 0);
  EXPECT_EQ(fixture_.purchases.calls().count(), 0);
}

// Who has ordered nothing says nothing of the products' backend.
TEST_F(BatchesTest, NothingToAskForIsThereWithoutTheBackend) {
  FixtureOptions options;
  options.limit.floor = 1;
  options.limit.maximum = 1;
  AggregatorFixture fixture(options);
  Gate gate;
  fixture.purchases.SetRule(
      [&gate](const SeenCall& seen) { return AnswerBatch(seen, &gate); });
  PendingOverview takes_the_place(fixture.stub(), RequestForAll("u-1"));
  ASSERT_TRUE(fixture.purchases.calls().WaitFor(1));
  fixture.orders.SetScript({AnswerBytes(OrdersOf(0).SerializeAsString())});
  const Overview overview = fixture.Get(RequestForAll("u-1"));
  const fanout::v1::SectionStatus& status =
      overview.response.purchases().status();
  EXPECT_EQ(status.state(), fanout::v1::SECTION_STATE_OK) << status.reason();
  EXPECT_EQ(status.attempts(), 0);
  gate.Open();
}

}  // namespace
}  // namespace gather::testing
