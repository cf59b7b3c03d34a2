#include "server/fanout/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "server/aggregator/overview.h"

// Lists that don't fit the protos are told of at start, before anybody is
// served.
namespace gather::aggregator {
namespace {

using ::testing::HasSubstr;

// The product with another list of sections.
template <typename... S>
struct OverviewOf : Overview {
  using Sections = fanout::SectionList<S...>;
};

template <typename... S>
std::string WhyNot() {
  const auto catalog = fanout::MakeCatalog<OverviewOf<S...>>();
  EXPECT_EQ(catalog.status().code(), absl::StatusCode::kFailedPrecondition);
  return std::string(catalog.status().message());
}

TEST(CatalogTest, NamesComeFromTheAnswersFields) {
  const auto catalog = fanout::MakeCatalog<Overview>();
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  ASSERT_EQ(catalog->sections.size(), 4U);
  EXPECT_EQ(catalog->sections[1].name, "orders");
  EXPECT_EQ(catalog->sections[1].error_key, "orders_error");
  EXPECT_EQ(catalog->Find("products"), 2U);
  EXPECT_EQ(catalog->Find("wine"), std::nullopt);
  EXPECT_EQ(catalog->sections[3].after, 1U);
  EXPECT_EQ(catalog->sections[1].after, std::nullopt);
}

TEST(CatalogTest, SectionThatIsNotInTheListIsMissed) {
  EXPECT_EQ((WhyNot<User, Orders, Purchases>()),
            "gather.aggregator.v1.GetOverviewResponse.products: no section in "
            "the list fills it");
}

TEST(CatalogTest, SectionThatIsThereTwiceIsTold) {
  EXPECT_THAT((WhyNot<User, Orders, Products, Purchases, Orders>()),
              HasSubstr("GetOverviewResponse.orders: more than one section"));
}

struct OrdersOfNoMethod : Orders {
  static constexpr char kMethod[] = "gather.order.v1.OrderService/ListAll";
};

TEST(CatalogTest, MethodThatThereIsNotIsTold) {
  EXPECT_EQ((WhyNot<User, OrdersOfNoMethod, Products>()),
            "gather.order.v1.OrderService/ListAll: there is no such method");
}

struct OrdersOfAnotherMethod : Orders {
  static constexpr auto& kMethod = User::kMethod;
};

TEST(CatalogTest, MethodOfOtherMessagesIsTold) {
  EXPECT_THAT(
      (WhyNot<User, OrdersOfAnotherMethod, Products>()),
      HasSubstr("GetUser: takes gather.user.v1.GetUserRequest and gives"));
}

struct ProductsRelayedAsOrders : Orders {
  static auto* In(auto& answer) { return answer.mutable_products(); }
};

TEST(CatalogTest, ReplyThatCannotBeRelayedToItsSectionIsTold) {
  EXPECT_EQ((WhyNot<User, Orders, ProductsRelayedAsOrders>()),
            "gather.aggregator.v1.ProductsSection.products: can't be relayed, "
            "since field 2 of gather.order.v1.ListOrdersResponse is not the "
            "same");
}

}  // namespace
}  // namespace gather::aggregator
