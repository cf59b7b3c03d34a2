// Every way to break a data file yields one line with the file and the field.

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "server/backends/dataset.h"
#include "server/backends/dataset_file.h"

namespace gather::backends {
namespace {

// What `load` says of a file with this content, without the file's name.
template <typename Load>
std::string ErrorOf(Load load, const std::string& content) {
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  const std::string path =
      absl::StrCat(::testing::TempDir(), test->test_suite_name(), ".",
                   test->name(), ".", getpid(), ".json");
  std::ofstream(path) << content;
  const auto table = load(path, 0);
  std::remove(path.c_str());
  if (table.ok()) return "";
  const std::string message(table.status().message());
  EXPECT_EQ(table.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(message.find_first_of("\r\n"), std::string::npos) << message;
  EXPECT_EQ(message.rfind(path + ": ", 0), 0) << message;
  return message.substr(path.size() + 2);
}
std::string UsersError(const std::string& users) {
  return ErrorOf(LoadUsers, absl::StrCat(R"({"users": [)", users, "]}"));
}
std::string ProductsError(const std::string& products,
                          const std::string& rest = "") {
  return ErrorOf(LoadProducts,
                 absl::StrCat(R"({"products": [)", products, "]", rest, "}"));
}
std::string OrdersError(const std::string& orders) {
  return ErrorOf(LoadOrders, absl::StrCat(R"({"orders": [)", orders, "]}"));
}

std::string Money(const std::string& currency, const std::string& units,
                  const std::string& nanos = "0") {
  return absl::StrCat(R"({"currencyCode": ")", currency, R"(", "units": )",
                      units, R"(, "nanos": )", nanos, "}");
}
std::string Item(const std::string& quantity, const std::string& price) {
  return absl::StrCat(R"({"productId": "p", "quantity": )", quantity,
                      R"(, "unitPrice": )", price, "}");
}
std::string Order(const std::string& items, const std::string& total,
                  const std::string& id = "o") {
  return absl::StrCat(R"({"id": ")", id, R"(", "userId": "u", "lineItems": [)",
                      items, R"(], "total": )", total, "}");
}
// What is wrong with an order of one piece at this price.
std::string PriceError(const std::string& price) {
  return OrdersError(Order(Item("1", price), price));
}

// Of what versions of Protobuf say.
void ExpectHasOneOf(const std::string& text,
                    const std::vector<std::string>& parts) {
  const bool has =
      std::any_of(parts.begin(), parts.end(), [&text](const std::string& part) {
        return text.find(part) != std::string::npos;
      });
  EXPECT_TRUE(has) << text << "\nlacks " << absl::StrJoin(parts, " and ");
}

void ExpectHas(const std::string& text, const std::string& part) {
  ExpectHasOneOf(text, {part});
}

TEST(BrokenFileTest, ThatCannotBeReadIsNamed) {
  const std::string path = ::testing::TempDir() + "no/such/file.json";
  for (const absl::Status& status :
       {LoadUsers(path).status(), LoadOrders(path).status(),
        LoadProducts(path).status()}) {
    ExpectHas(std::string(status.message()), path + ": cannot be opened");
  }
  const std::string folder = ::testing::TempDir();
  const absl::Status status = LoadUsers(folder).status();
  ExpectHas(std::string(status.message()), folder + ": cannot be read");
}

TEST(BrokenFileTest, ThatIsNotJsonSaysSo) {
  for (const char* content : {"", "{", "users: []", "{\"users\": [}\n\n\xff"}) {
    ExpectHasOneOf(ErrorOf(LoadUsers, content), {"JSON", "near 1:"});
  }
  ExpectHasOneOf(ErrorOf(LoadUsers, "{\n  \"users\": [}"),
                 {"line 2, column 13: not JSON: ", "near 2:"});
  EXPECT_NE(ErrorOf(LoadUsers, "[]"), "");
}

// Protobuf's own words change with its version, the places only in how they
// write a field: as the file does from 36 on, which gives none of an enum.
TEST(BrokenFileTest, WithAnUnknownFieldNamesIt) {
  const std::string error = UsersError(R"({"id": "a"}, {"idx": "b"})");
  ExpectHas(error, "users[1]");
  ExpectHas(error, "idx");
  ExpectHas(ErrorOf(LoadUsers, R"({"usres": []})"), "usres");
  ExpectHas(ErrorOf(LoadProducts, R"({"users": []})"), "users");
}

TEST(BrokenFileTest, WithAWrongTypeNamesTheField) {
  ExpectHas(UsersError(R"({"id": 7})"), "users[0].id");
  ExpectHasOneOf(UsersError(R"({"tier": "TIER_TIN"})"),
                 {"users[0].tier", "unknown enum value: 'TIER_TIN'"});
  ExpectHas(UsersError(R"({"createTime": "soon"})"), "users[0].create");
  ExpectHasOneOf(
      OrdersError(Order(Item("\"x\"", Money("EUR", "1")), "{}")),
      {"orders[0].line_items[0].quantity", "orders[0].lineItems[0].quantity"});
  ExpectHasOneOf(OrdersError(Order(Item("1", Money("EUR", "0.5")), "{}")),
                 {"orders[0].line_items[0].unit_price.units",
                  "orders[0].lineItems[0].unitPrice.units"});
}

TEST(FieldFirstTest, ALineOpensWithTheField) {
  EXPECT_EQ(FieldFirst("(users[1]) idx: Cannot find field."),
            "users[1].idx: Cannot find field.");
  EXPECT_EQ(FieldFirst("usres: Cannot find field."),
            "usres: Cannot find field.");
  EXPECT_EQ(FieldFirst("(users[0].id): invalid value 1 for type STRING"),
            "users[0].id: invalid value 1 for type STRING");
  EXPECT_EQ(FieldFirst(": Root element must be a message."),
            "Root element must be a message.");
  EXPECT_EQ(FieldFirst("Unexpected token."), "not JSON: Unexpected token.");
  EXPECT_EQ(FieldFirst("invalid JSON in gather.dataset.v1.Users @ "
                       "users[0].tier: enum gather.user.v1.Tier, near 1:28 "
                       "(offset 27): unknown enum value: 'TIER_TIN'"),
            "users[0].tier: enum gather.user.v1.Tier, near 1:28 (offset 27): "
            "unknown enum value: 'TIER_TIN'");
  EXPECT_EQ(FieldFirst("invalid JSON in gather.dataset.v1.Users, near 1:1"),
            "not JSON: invalid JSON in gather.dataset.v1.Users, near 1:1");
  EXPECT_EQ(FieldFirst("unknown enum value: 'TIER_TIN'"),
            "unknown enum value: 'TIER_TIN'");
  EXPECT_EQ(FieldFirst(""), "not JSON: ");
}

TEST(BrokenUsersTest, IdsMustBeGivenOnceAndWellFormed) {
  EXPECT_EQ(UsersError("{}"), "users[0].id: is missing");
  EXPECT_EQ(UsersError(R"({"id": "a"}, {"id": "b"}, {"id": "a"})"),
            "users[2].id: \"a\" is already at users[0].id");
  EXPECT_EQ(UsersError(R"({"id": "a\nb"})"),
            "users[0].id: \"a\\nb\" is not 1 to 64 characters from "
            "[A-Za-z0-9._-]");
  ExpectHas(UsersError(R"({"id": "é"})"), "users[0].id: ");
  ExpectHas(
      UsersError(absl::StrCat(R"({"id": ")", std::string(65, 'a'), "\"}")),
      "users[0].id: ");
  EXPECT_EQ(UsersError(R"({"id": "a", "tier": 17})"),
            "users[0].tier: 17 is not a tier");
  EXPECT_EQ(UsersError(R"({"id": "AZaz09._-"})"), "");
}

TEST(BrokenOrdersTest, IdsAndLineItemsAreRequired) {
  EXPECT_EQ(OrdersError("{}"), "orders[0].id: is missing");
  EXPECT_EQ(OrdersError(R"({"id": "o"})"), "orders[0].user_id: is missing");
  EXPECT_EQ(OrdersError(R"({"id": "o", "userId": "u"})"),
            "orders[0].line_items: is missing");
  EXPECT_EQ(OrdersError(R"({"id": "o", "userId": "u", "lineItems": [{}]})"),
            "orders[0].line_items[0].product_id: is missing");
  EXPECT_EQ(OrdersError(R"({"id": "o", "userId": "u", "state": 9})"),
            "orders[0].state: 9 is not a state");
  const std::string one = Money("EUR", "1");
  EXPECT_EQ(OrdersError(absl::StrCat(Order(Item("1", one), one), ", ",
                                     Order(Item("1", one), one))),
            "orders[1].id: \"o\" is already at orders[0].id");
}

TEST(BrokenOrdersTest, QuantitiesStartAtOne) {
  const std::string price = Money("EUR", "2");
  const std::string items = absl::StrCat(Item("1", price), ", ");
  for (const char* quantity : {"0", "-3"}) {
    EXPECT_EQ(OrdersError(Order(items + Item(quantity, price), price)),
              absl::StrCat("orders[0].line_items[1].quantity: ", quantity,
                           " is less than 1"));
  }
}

TEST(BrokenOrdersTest, MoneyIsWellFormed) {
  const std::string path = "orders[0].line_items[0].unit_price";
  EXPECT_EQ(PriceError("null"), path + ": is missing");
  EXPECT_EQ(PriceError("{}"), path + ".currency_code: is missing");
  for (const char* code : {"eur", "EU", "EURO", "E1R"}) {
    EXPECT_EQ(PriceError(Money(code, "1")),
              absl::StrCat(path, ".currency_code: \"", code,
                           "\" is not three upper-case letters"));
  }
  for (const char* nanos : {"1000000000", "-1000000000"}) {
    ExpectHas(PriceError(Money("EUR", "0", nanos)), path + ".nanos: ");
  }
  EXPECT_EQ(PriceError(Money("EUR", "1", "-5")),
            path + ".nanos: -5 does not have the sign of units, 1");
  EXPECT_EQ(PriceError(Money("EUR", "-1", "5")),
            path + ".nanos: 5 does not have the sign of units, -1");
  EXPECT_EQ(PriceError(Money("EUR", "0", "-5")), "");
  EXPECT_EQ(PriceError(Money("EUR", "-1", "-999999999")), "");
}

TEST(BrokenOrdersTest, TotalsAreTheSumInOneCurrency) {
  const std::string items =
      absl::StrCat(Item("3", Money("EUR", "1", "500000000")), ", ",
                   Item("1", Money("EUR", "2", "250000000")));
  EXPECT_EQ(OrdersError(Order(items, Money("EUR", "6", "750000000"))), "");
  EXPECT_EQ(OrdersError(Order(items, Money("EUR", "6", "75000000"))),
            "orders[0].total: EUR 6.075 is not the sum, EUR 6.75");
  EXPECT_EQ(OrdersError(Order(items, "null")), "orders[0].total: is missing");
  EXPECT_EQ(
      OrdersError(Order(items, Money("USD", "6", "750000000"))),
      "orders[0].total.currency_code: USD in an order that starts in EUR");
  EXPECT_EQ(OrdersError(Order(items + ", " + Item("1", Money("USD", "1")),
                              Money("EUR", "7", "750000000"))),
            "orders[0].line_items[2].unit_price.currency_code: USD in an order "
            "that starts in EUR");
  EXPECT_EQ(PriceError(Money("EUR", "9223372036854775807")), "");
  EXPECT_EQ(
      OrdersError(Order(Item("2147483647", Money("EUR", "9223372036854775807")),
                        Money("EUR", "1"))),
      "orders[0].line_items[0]: the sum is out of range");
}

TEST(BrokenProductsTest, RatingsAreInRange) {
  const auto error = [](const std::string& fields) {
    return ProductsError(absl::StrCat(R"({"id": "a", )", fields, "}"));
  };
  const std::string rating = "products[0].rating: ";
  EXPECT_EQ(error(R"("rating": 5.1, "ratingCount": 2)"),
            rating + "5.1 is not from 1 to 5");
  ExpectHas(error(R"("rating": 0.9, "ratingCount": 2)"), rating);
  ExpectHas(error(R"("rating": "NaN", "ratingCount": 2)"), rating);
  EXPECT_EQ(error(R"("rating": 4)"),
            rating + "4 is not 0, but rating_count is");
  EXPECT_EQ(error(R"("rating": 4, "ratingCount": -1)"),
            "products[0].rating_count: -1 is negative");
  EXPECT_EQ(error(R"("price": {"units": 4})"),
            "products[0].price.currency_code: is missing");
  EXPECT_EQ(error(R"("rating": 5, "ratingCount": 1)"), "");
}

TEST(BrokenProductsTest, ReferencesLeadIntoTheCatalogueAndDoNotRepeat) {
  const auto error = [](const std::string& rest) {
    return ProductsError(R"({"id": "a"}, {"id": "b"})", ", " + rest);
  };
  EXPECT_EQ(ProductsError("{}"), "products[0].id: is missing");
  EXPECT_EQ(ProductsError(R"({"id": "a"}, {"id": "a"})"),
            "products[1].id: \"a\" is already at products[0].id");
  EXPECT_EQ(error(R"("popularProductIds": ["a", "x"])"),
            "popular_product_ids[1]: \"x\" is not in products");
  EXPECT_EQ(error(R"("popularProductIds": ["b", "b"])"),
            "popular_product_ids[1]: \"b\" is already at "
            "popular_product_ids[0]");
  EXPECT_EQ(error(R"("recommendations": [{}])"),
            "recommendations[0].user_id: is missing");
  EXPECT_EQ(error(R"("recommendations": [{"userId": "u"}, {"userId": "u"}])"),
            "recommendations[1].user_id: \"u\" is already at "
            "recommendations[0].user_id");
  EXPECT_EQ(
      error(R"("recommendations": [{"userId": "u", "productIds": ["x"]}])"),
      "recommendations[0].product_ids[0]: \"x\" is not in products");
}

}  // namespace
}  // namespace gather::backends
