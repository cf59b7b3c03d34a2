#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/backends/dataset.h"

namespace gather::backends {
namespace {

product::v1::BatchGetProductsRequest BatchOf(
    const std::vector<std::string>& ids) {
  product::v1::BatchGetProductsRequest request;
  request.mutable_ids()->Add(ids.begin(), ids.end());
  return request;
}

product::v1::BatchGetProductsResponse Batch(
    const ProductTable& table, const std::vector<std::string>& ids) {
  product::v1::BatchGetProductsResponse response;
  const absl::Status status = table.Answer(BatchOf(ids), &response);
  EXPECT_TRUE(status.ok()) << status;
  return response;
}

TEST(BatchGetProductsTest, AnswersForEachIdOfABatchInItsOrder) {
  const ProductTable table(1);
  const auto response =
      Batch(table, {"whisk-balloon", "unicorn", "knife-chef-20cm", "yeti"});
  ASSERT_EQ(response.products_size(), 2);
  EXPECT_EQ(response.products(0).id(), "whisk-balloon");
  EXPECT_EQ(response.products(1).id(), "knife-chef-20cm");
  ASSERT_EQ(response.missing_ids_size(), 2);
  EXPECT_EQ(response.missing_ids(0), "unicorn");
  EXPECT_EQ(response.missing_ids(1), "yeti");
}

TEST(BatchGetProductsTest, RefusesABatchOfNoneOfTooManyAndOfABadId) {
  const ProductTable table(1);
  for (const auto& ids :
       {std::vector<std::string>(), std::vector<std::string>(101, "x"),
        std::vector<std::string>{"x", ""}}) {
    product::v1::BatchGetProductsResponse response;
    const absl::Status status = table.Answer(BatchOf(ids), &response);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(std::string(status.message()).rfind("ids: ", 0), 0U) << status;
    EXPECT_EQ(response.missing_ids_size(), 0);
  }
}

// What the second stage of an overview asks for.
TEST(BatchGetProductsTest, CommittedDataSellWhatWasOrdered) {
  const std::string data(GATHER_DATA_DIR);
  const auto orders = LoadOrders(data + "/orders.json", 1);
  const auto products = LoadProducts(data + "/products.json", 1);
  ASSERT_TRUE(orders.ok()) << orders.status();
  ASSERT_TRUE(products.ok()) << products.status();
  for (const char* user : {"alice", "bob", "grace", "user-1"}) {
    std::vector<std::string> ids;
    order::v1::ListOrdersRequest request;
    request.set_user_id(user);
    order::v1::ListOrdersResponse ordered;
    ASSERT_TRUE(orders->Answer(request, &ordered).ok());
    for (const auto& order : ordered.orders()) {
      for (const auto& item : order.line_items()) {
        ids.push_back(item.product_id());
      }
    }
    EXPECT_EQ(Batch(*products, ids).missing_ids_size(), 0) << user;
  }
}

}  // namespace
}  // namespace gather::backends
