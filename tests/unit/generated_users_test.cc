// Users that exist only as an index, next to a file or without one.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>

#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "server/backends/dataset.h"
#include "server/backends/dataset_check.h"
#include "server/backends/generated.h"

namespace gather::backends {
namespace {

using google::protobuf::util::MessageDifferencer;

template <typename Response, typename Table, typename Request>
absl::StatusOr<Response> Ask(const Table& table, Request request,
                             const std::string& user_id) {
  request.set_user_id(user_id);
  Response response;
  if (absl::Status s = table.Answer(request, &response); !s.ok()) return s;
  return response;
}
auto User(const UserTable& table, const std::string& id) {
  return Ask<user::v1::GetUserResponse>(table, user::v1::GetUserRequest(), id);
}
auto Orders(const OrderTable& table, const std::string& id) {
  return Ask<order::v1::ListOrdersResponse>(table,
                                            order::v1::ListOrdersRequest(), id);
}
auto Products(const ProductTable& table, const std::string& id) {
  return Ask<product::v1::ListRecommendedProductsResponse>(
      table, product::v1::ListRecommendedProductsRequest(), id);
}
std::set<std::string> Ids(
    const product::v1::ListRecommendedProductsResponse& response) {
  std::set<std::string> ids;
  for (const auto& product : response.products()) ids.insert(product.id());
  return ids;
}

TEST(GeneratedUsersTest, AreThereWithoutAFile) {
  const auto users = LoadUsers("", 20);
  const auto orders = LoadOrders("", 20);
  const auto products = LoadProducts("", 20);
  for (const char* id : {"user-1", "user-7", "user-20"}) {
    ASSERT_TRUE(User(*users, id).ok());
    EXPECT_EQ(User(*users, id)->user().id(), id);
    EXPECT_EQ(Orders(*orders, id)->user_id(), id);
    EXPECT_GE(Orders(*orders, id)->orders_size(), 3);
    EXPECT_EQ(Products(*products, id)->user_id(), id);
    EXPECT_GE(Products(*products, id)->products_size(), 5);
  }
}

TEST(GeneratedUsersTest, AreThereNextToAFile) {
  const std::string folder = GATHER_DATA_DIR;
  const auto users = LoadUsers(folder + "/users.json", 20);
  const auto orders = LoadOrders(folder + "/orders.json", 20);
  ASSERT_TRUE(users.ok()) << users.status();
  ASSERT_TRUE(orders.ok()) << orders.status();
  for (const char* id : {"alice", "user-20"}) {
    EXPECT_TRUE(User(*users, id).ok());
    EXPECT_GT(Orders(*orders, id)->orders_size(), 0);
  }
}

TEST(GeneratedUsersTest, HaveOneSpellingAndEndAtTheirNumber) {
  const auto users = LoadUsers("", 20);
  const auto orders = LoadOrders("", 20);
  for (const char* id : {"user-0", "user-007", "user-21", "user--1", "user-",
                         "user-1x", "User-1", "user-99999999999999999999"}) {
    EXPECT_EQ(User(*users, id).status().code(), absl::StatusCode::kNotFound)
        << id;
    EXPECT_EQ(Orders(*orders, id)->orders_size(), 0) << id;
  }
  EXPECT_EQ(GeneratedUserIndex("user- 7", 20), std::nullopt);
  EXPECT_EQ(GeneratedUserIndex("user-+7", 20), std::nullopt);
  EXPECT_EQ(User(*LoadUsers("", 0), "user-1").status().code(),
            absl::StatusCode::kNotFound);
}

TEST(GeneratedUsersTest, TakeNoMemoryForBeingMany) {
  const int64_t most = std::numeric_limits<int64_t>::max();
  const std::string last = "user-" + std::to_string(most);
  EXPECT_EQ(User(*LoadUsers("", most), last)->user().id(), last);
  EXPECT_GE(Orders(*LoadOrders("", most), last)->orders_size(), 3);
  EXPECT_GE(Products(*LoadProducts("", most), last)->products_size(), 5);
}

TEST(GeneratedUsersTest, AreTheSameInEveryProcess) {
  EXPECT_TRUE(MessageDifferencer::Equals(*User(*LoadUsers("", 50), "user-42"),
                                         *User(*LoadUsers("", 99), "user-42")));
  EXPECT_TRUE(
      MessageDifferencer::Equals(*Orders(*LoadOrders("", 50), "user-42"),
                                 *Orders(*LoadOrders("", 99), "user-42")));
  // Known values: a new compiler or library must not change them.
  EXPECT_EQ(GenerateUser(42).display_name(), "Amara García");
  EXPECT_EQ(GenerateOrders(42)[0].total().units(), 183);
}

TEST(GeneratedUsersTest, DifferFromEachOther) {
  std::set<std::string> names, totals, products;
  for (int i = 1; i <= 100; ++i) {
    names.insert(GenerateUser(i).display_name());
    totals.insert(GenerateOrders(i)[0].total().ShortDebugString());
    products.insert(GeneratedCatalogue()[GenerateRecommendation(i, 8)[0]].id());
  }
  EXPECT_GT(names.size(), 50);
  EXPECT_GT(totals.size(), 50);
  EXPECT_EQ(products.size(), GeneratedCatalogue().size());
}

TEST(GeneratedUsersTest, KeepWhatTheProtosPromise) {
  dataset::v1::UserDataset users;
  dataset::v1::OrderDataset orders;
  for (int i = 1; i <= 500; ++i) {
    *users.add_users() = GenerateUser(i);
    const auto generated = GenerateOrders(i);
    EXPECT_GE(generated.size(), 3);
    EXPECT_LE(generated.size(), 5);
    int64_t newer = std::numeric_limits<int64_t>::max();
    for (const auto& order : generated) {
      EXPECT_LT(order.create_time().seconds(), newer);
      newer = order.create_time().seconds();
      EXPECT_LE(order.line_items_size(), 3);
      *orders.add_orders() = order;
    }
    EXPECT_GT(newer, users.users(i - 1).create_time().seconds());
  }
  dataset::v1::ProductDataset products;
  for (const auto& product : GeneratedCatalogue()) {
    *products.add_products() = product;
  }
  EXPECT_EQ(CheckDataset(users), absl::OkStatus());
  EXPECT_EQ(CheckDataset(orders), absl::OkStatus());
  EXPECT_EQ(CheckDataset(products), absl::OkStatus());
}

TEST(GeneratedUsersTest, AreRecommendedEachProductOnce) {
  for (int size : {0, 1, 2, 3, 8, 12, 97}) {
    for (int i = 1; i <= 200; ++i) {
      const auto picked = GenerateRecommendation(i, size);
      const std::set<int> distinct(picked.begin(), picked.end());
      ASSERT_EQ(distinct.size(), picked.size());
      ASSERT_GE(static_cast<int>(picked.size()), std::min(size, 5));
      ASSERT_LE(picked.size(), 8);
      for (int at : picked) ASSERT_TRUE(at >= 0 && at < size);
    }
  }
}

TEST(GeneratedUsersTest, GetProductsOfTheFileWhereThereIsOne) {
  const auto table =
      LoadProducts(std::string(GATHER_DATA_DIR) + "/products.json", 40);
  ASSERT_TRUE(table.ok()) << table.status();
  std::set<std::string> all;
  for (int i = 1; i <= 40; ++i) {
    all.merge(Ids(*Products(*table, "user-" + std::to_string(i))));
  }
  EXPECT_TRUE(all.contains("mitts-oven"));
}

TEST(GeneratedUsersTest, AreNotNeededForACatalogueWithoutAFile) {
  EXPECT_EQ(Ids(*Products(*LoadProducts(""), "nobody")).size(),
            GeneratedCatalogue().size());
}

TEST(GeneratedUsersTest, AreNeverLessThanNone) {
  const absl::Status status = LoadUsers("", -1).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("generated_users"), absl::string_view::npos);
  EXPECT_FALSE(LoadOrders("", -1).ok());
  EXPECT_FALSE(LoadProducts("", -1).ok());
}

}  // namespace
}  // namespace gather::backends
