#include "tests/support/replies.h"

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/message_differencer.h"

namespace gather::testing {
namespace {

namespace v1 = aggregator::v1;

// Between a product's number and the user who bought it.
constexpr char kOf[] = "-of-";

void SetEuros(int64_t units, type::v1::Money* money) {
  money->set_currency_code("EUR");
  money->set_units(units);
  money->set_nanos(500'000'000);
}

::testing::AssertionResult Arrived(const fanout::v1::SectionStatus& status) {
  if (status.state() == fanout::v1::SECTION_STATE_OK && status.code() == 0 &&
      status.reason().empty() && status.message().empty()) {
    return ::testing::AssertionSuccess();
  }
  return ::testing::AssertionFailure()
         << "not arrived: " << status.ShortDebugString();
}

::testing::AssertionResult Same(const google::protobuf::Message& actual,
                                const google::protobuf::Message& expected) {
  std::string differences;
  google::protobuf::util::MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&differences);
  if (differencer.Compare(expected, actual)) {
    return ::testing::AssertionSuccess();
  }
  return ::testing::AssertionFailure()
         << "from the right reply: " << differences;
}

}  // namespace

user::v1::GetUserResponse RightUser(const std::string& user_id) {
  user::v1::GetUserResponse reply;
  user::v1::User* user = reply.mutable_user();
  user->set_id(user_id);
  user->set_display_name(absl::StrCat("Name of ", user_id));
  user->set_email(absl::StrCat(user_id, "@example.com"));
  user->set_location("Lisbon, Portugal");
  user->set_language_code("pt-PT");
  user->set_tier(user::v1::TIER_GOLD);
  user->mutable_create_time()->set_seconds(1'600'000'000);
  return reply;
}

order::v1::ListOrdersResponse RightOrders(const std::string& user_id) {
  order::v1::ListOrdersResponse reply;
  reply.set_user_id(user_id);
  for (int i = 1; i <= 2; ++i) {
    order::v1::Order* order = reply.add_orders();
    order->set_id(absl::StrCat("order-", i, "-of-", user_id));
    order->set_user_id(user_id);
    order->set_state(order::v1::STATE_SHIPPED);
    order->mutable_create_time()->set_seconds(1'700'000'000 + i);
    order::v1::LineItem* item = order->add_line_items();
    item->set_product_id(absl::StrCat("product-", i, kOf, user_id));
    item->set_product_name("A thing");
    item->set_quantity(1);
    SetEuros(i, item->mutable_unit_price());
    SetEuros(i, order->mutable_total());
  }
  reply.set_next_page_token(absl::StrCat("more-of-", user_id));
  reply.set_total_size(7);
  return reply;
}

product::v1::ListRecommendedProductsResponse RightProducts(
    const std::string& user_id) {
  product::v1::ListRecommendedProductsResponse reply;
  reply.set_user_id(user_id);
  for (int i = 1; i <= 3; ++i) {
    product::v1::Product* product = reply.add_products();
    product->set_id(absl::StrCat("product-", i, "-for-", user_id));
    product->set_name("A thing");
    product->set_description("Good to have.");
    SetEuros(10 * i, product->mutable_price());
    product->set_rating(4.5);
    product->set_rating_count(i);
  }
  return reply;
}

product::v1::BatchGetProductsResponse RightPurchases(
    const std::string& user_id) {
  product::v1::BatchGetProductsResponse reply;
  product::v1::Product* product = reply.add_products();
  product->set_id(absl::StrCat("product-1", kOf, user_id));
  product->set_name("A thing");
  SetEuros(1, product->mutable_price());
  reply.add_missing_ids(absl::StrCat("product-2", kOf, user_id));
  return reply;
}

std::string UserOfProduct(const std::string& id) {
  const std::size_t of = id.find(kOf);
  return of == std::string::npos ? "" : id.substr(of + sizeof(kOf) - 1);
}

::testing::AssertionResult IsRight(const v1::UserSection& section,
                                   const std::string& user_id) {
  const auto arrived = Arrived(section.status());
  return arrived ? Same(section.user(), RightUser(user_id).user()) : arrived;
}

::testing::AssertionResult IsRight(const v1::OrdersSection& section,
                                   const std::string& user_id) {
  order::v1::ListOrdersResponse reply;
  reply.set_user_id(user_id);
  *reply.mutable_orders() = section.orders();
  reply.set_next_page_token(section.next_page_token());
  reply.set_total_size(section.total_size());
  const auto arrived = Arrived(section.status());
  return arrived ? Same(reply, RightOrders(user_id)) : arrived;
}

::testing::AssertionResult IsRight(const v1::ProductsSection& section,
                                   const std::string& user_id) {
  product::v1::ListRecommendedProductsResponse reply;
  reply.set_user_id(user_id);
  *reply.mutable_products() = section.products();
  const auto arrived = Arrived(section.status());
  return arrived ? Same(reply, RightProducts(user_id)) : arrived;
}

::testing::AssertionResult IsRight(const v1::PurchasesSection& section,
                                   const std::string& user_id) {
  product::v1::BatchGetProductsResponse reply;
  *reply.mutable_products() = section.products();
  *reply.mutable_missing_ids() = section.missing_ids();
  const auto arrived = Arrived(section.status());
  return arrived ? Same(reply, RightPurchases(user_id)) : arrived;
}

::testing::AssertionResult IsWhole(const v1::GetOverviewResponse& response,
                                   const std::string& user_id) {
  if (!response.complete()) {
    return ::testing::AssertionFailure()
           << "not complete: " << response.ShortDebugString();
  }
  for (const auto& right :
       {IsRight(response.user(), user_id), IsRight(response.orders(), user_id),
        IsRight(response.products(), user_id)}) {
    if (!right) return right;
  }
  return ::testing::AssertionSuccess();
}

}  // namespace gather::testing
