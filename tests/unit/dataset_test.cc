#include "server/backends/dataset.h"

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "server/backends/dataset_file.h"
#include "server/backends/generated.h"

namespace gather::backends {
namespace {

using google::protobuf::util::MessageDifferencer;

std::string DataFile(const std::string& name) {
  return std::string(GATHER_DATA_DIR) + "/" + name;
}

template <typename Load>
auto LoadText(Load load, const std::string& json, int64_t generated_users) {
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  const std::string path =
      absl::StrCat(::testing::TempDir(), test->test_suite_name(), ".",
                   test->name(), ".", getpid(), ".json");
  std::ofstream(path) << json;
  auto table = load(path, generated_users);
  std::remove(path.c_str());
  return table;
}

// The answer for one user, with the rest of the request as it is by default.
template <typename Request, typename Response, typename Table>
absl::StatusOr<Response> Ask(const Table& table, const std::string& user_id) {
  Request request;
  request.set_user_id(user_id);
  Response response;
  if (absl::Status s = table.Answer(request, &response); !s.ok()) return s;
  return response;
}
auto User(const UserTable& table, const std::string& id) {
  return Ask<user::v1::GetUserRequest, user::v1::GetUserResponse>(table, id);
}
auto Orders(const OrderTable& table, const std::string& id) {
  return Ask<order::v1::ListOrdersRequest, order::v1::ListOrdersResponse>(table,
                                                                          id);
}
auto Products(const ProductTable& table, const std::string& id) {
  return Ask<product::v1::ListRecommendedProductsRequest,
             product::v1::ListRecommendedProductsResponse>(table, id);
}

template <typename Items>
std::vector<std::string> Ids(const Items& items) {
  std::vector<std::string> ids;
  for (const auto& item : items) ids.push_back(item.id());
  return ids;
}

absl::StatusOr<order::v1::ListOrdersResponse> Page(const OrderTable& table,
                                                   const std::string& user_id,
                                                   int size,
                                                   const std::string& token) {
  order::v1::ListOrdersRequest request;
  request.set_user_id(user_id);
  request.set_page_size(size);
  request.set_page_token(token);
  order::v1::ListOrdersResponse response;
  if (absl::Status s = table.Answer(request, &response); !s.ok()) return s;
  return response;
}

void ExpectInvalid(const absl::Status& status, const std::string& field) {
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_EQ(std::string(status.message()).rfind(field + ": ", 0), 0) << status;
}

TEST(CommittedDataTest, LoadsAndShowsAliceInEverySection) {
  const auto users = LoadUsers(DataFile("users.json"));
  const auto orders = LoadOrders(DataFile("orders.json"));
  const auto products = LoadProducts(DataFile("products.json"));
  ASSERT_TRUE(users.ok()) << users.status();
  ASSERT_TRUE(orders.ok()) << orders.status();
  ASSERT_TRUE(products.ok()) << products.status();
  EXPECT_EQ(User(*users, "alice")->user().id(), "alice");
  EXPECT_EQ(User(*users, "alice")->user().tier(), user::v1::TIER_GOLD);
  EXPECT_EQ(Orders(*orders, "alice")->user_id(), "alice");
  EXPECT_EQ(Orders(*orders, "alice")->orders_size(), 4);
  EXPECT_EQ(Products(*products, "alice")->user_id(), "alice");
  EXPECT_EQ(Products(*products, "alice")->products(0).id(), "steamer-bamboo");
}

TEST(CommittedDataTest, HoldsTheGeneratedCatalogue) {
  const std::string path = DataFile("products.json");
  dataset::v1::ProductDataset dataset;
  const auto loaded = LoadProducts(path);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  ASSERT_TRUE(ReadDatasetFile(path, &dataset).ok());
  std::map<std::string, product::v1::Product> committed;
  for (const auto& product : dataset.products()) {
    committed[product.id()] = product;
  }
  for (const auto& product : GeneratedCatalogue()) {
    EXPECT_TRUE(MessageDifferencer::Equals(product, committed[product.id()]))
        << product.id();
  }
}

TEST(UserTableTest, SaysNotFoundForAnUnknownUser) {
  const auto users = LoadUsers(DataFile("users.json"));
  ASSERT_TRUE(users.ok()) << users.status();
  EXPECT_EQ(User(*users, "nobody").status().code(),
            absl::StatusCode::kNotFound);
}

TEST(UserTableTest, PrefersTheFilesUserToTheGeneratedOne) {
  const auto users = LoadText(
      LoadUsers, R"({"users": [{"id": "user-2", "displayName": "Zoe"}]})", 3);
  ASSERT_TRUE(users.ok()) << users.status();
  EXPECT_EQ(User(*users, "user-2")->user().display_name(), "Zoe");
  EXPECT_NE(User(*users, "user-3")->user().display_name(), "");
}

TEST(TablesTest, RefuseABadUserIdByName) {
  for (const std::string& id :
       {std::string(), std::string("a b"), std::string("a/b"),
        std::string("a\0b", 3), std::string("\xc3\xa9"),
        std::string(65, 'a')}) {
    ExpectInvalid(User(*LoadUsers(""), id).status(), "user_id");
    ExpectInvalid(Orders(*LoadOrders(""), id).status(), "user_id");
    ExpectInvalid(Products(*LoadProducts(""), id).status(), "user_id");
  }
  const std::string longest(64, 'a');
  EXPECT_TRUE(Orders(*LoadOrders(""), longest).ok());
}

TEST(OrderTableTest, HasNoOrdersForAnUnknownUser) {
  const auto orders = LoadOrders(DataFile("orders.json"), 5);
  for (const char* id : {"nobody", "ivan", "user-6"}) {
    const auto answer = Orders(*orders, id);
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->user_id(), id);
    EXPECT_EQ(answer->orders_size(), 0);
    EXPECT_EQ(answer->total_size(), 0);
    EXPECT_EQ(answer->next_page_token(), "");
  }
}

TEST(OrderTableTest, PagesThroughAllOrdersNewestFirst) {
  const auto table = LoadOrders(DataFile("orders.json"));
  ASSERT_TRUE(table.ok()) << table.status();
  std::set<std::string> seen;
  std::vector<int> sizes;
  int64_t newest = std::numeric_limits<int64_t>::max();
  std::string token;
  do {
    const auto page = Page(*table, "grace", 5, token);
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_EQ(page->total_size(), 12);
    for (const auto& order : page->orders()) {
      EXPECT_EQ(order.user_id(), "grace");
      EXPECT_TRUE(seen.insert(order.id()).second) << order.id();
      EXPECT_LT(order.create_time().seconds(), newest);
      newest = order.create_time().seconds();
    }
    sizes.push_back(page->orders_size());
    token = page->next_page_token();
  } while (!token.empty() && sizes.size() < 4);
  EXPECT_EQ(sizes, (std::vector<int>{5, 5, 2}));
}

TEST(OrderTableTest, GivesNoTokenWhereThePageEndsWithTheLastOrder) {
  const auto table = LoadOrders(DataFile("orders.json"));
  EXPECT_EQ(Page(*table, "grace", 12, "")->next_page_token(), "");
  EXPECT_NE(Page(*table, "grace", 11, "")->next_page_token(), "");
}

TEST(OrderTableTest, GivesTenOrdersByDefaultAndUpToAHundred) {
  const auto table = LoadOrders(DataFile("orders.json"));
  EXPECT_EQ(Page(*table, "grace", 0, "")->orders_size(), 10);
  EXPECT_EQ(Page(*table, "grace", 100, "")->orders_size(), 12);
  ExpectInvalid(Page(*table, "grace", -1, "").status(), "page_size");
  ExpectInvalid(Page(*table, "grace", 101, "").status(), "page_size");
}

TEST(OrderTableTest, RefusesATokenThatItDidNotGiveToThisUser) {
  const auto table = LoadOrders(DataFile("orders.json"));
  const std::string token = Page(*table, "grace", 1, "")->next_page_token();
  EXPECT_TRUE(Page(*table, "grace", 1, token).ok());
  ExpectInvalid(Page(*table, "alice", 1, token).status(), "page_token");
  ExpectInvalid(Page(*table, "nobody", 1, token).status(), "page_token");
  ExpectInvalid(Page(*table, "grace", 1, "5").status(), "page_token");
}

TEST(ProductTableTest, GivesWhatIsPopularToAUserWithoutRecommendations) {
  const auto table = LoadText(LoadProducts, R"({
    "products": [{"id": "a"}, {"id": "b"}, {"id": "c"}],
    "recommendations": [{"userId": "u", "productIds": ["c", "a"]},
                        {"userId": "empty"}],
    "popularProductIds": ["b", "c"]})",
                              0);
  ASSERT_TRUE(table.ok()) << table.status();
  using List = std::vector<std::string>;
  EXPECT_EQ(Ids(Products(*table, "u")->products()), (List{"c", "a"}));
  EXPECT_EQ(Ids(Products(*table, "nobody")->products()), (List{"b", "c"}));
  EXPECT_EQ(Ids(Products(*table, "empty")->products()), (List{"b", "c"}));
}

TEST(ProductTableTest, GivesTenProductsByDefaultAndChecksThePageSize) {
  const auto table = LoadProducts(DataFile("products.json"));
  const auto count = [&](int page_size) -> absl::StatusOr<int> {
    product::v1::ListRecommendedProductsRequest request;
    request.set_user_id("grace");
    request.set_page_size(page_size);
    product::v1::ListRecommendedProductsResponse response;
    const absl::Status status = table->Answer(request, &response);
    if (!status.ok()) return status;
    return response.products_size();
  };
  EXPECT_EQ(*count(0), 10);
  EXPECT_EQ(*count(3), 3);
  EXPECT_EQ(*count(100), 12);
  ExpectInvalid(count(-1).status(), "page_size");
  ExpectInvalid(count(101).status(), "page_size");
}

}  // namespace
}  // namespace gather::backends
