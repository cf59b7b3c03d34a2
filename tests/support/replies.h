#ifndef GATHER_TESTS_SUPPORT_REPLIES_H_
#define GATHER_TESTS_SUPPORT_REPLIES_H_

#include <gtest/gtest.h>

#include <string>

#include "gather/aggregator/v1/aggregator.pb.h"
#include "gather/order/v1/order.pb.h"
#include "gather/product/v1/product.pb.h"
#include "gather/user/v1/user.pb.h"

namespace gather::testing {

// What the fake backends answer for a user: every field is set, and the user's
// id is all over it.
user::v1::GetUserResponse RightUser(const std::string& user_id);
order::v1::ListOrdersResponse RightOrders(const std::string& user_id);
product::v1::ListRecommendedProductsResponse RightProducts(
    const std::string& user_id);
// Of the orders above: one product, and one that is not sold any more.
product::v1::BatchGetProductsResponse RightPurchases(
    const std::string& user_id);
// Whose orders have that product.
std::string UserOfProduct(const std::string& id);

// True if the section arrived and holds what its backend answers for the user,
// whole.
::testing::AssertionResult IsRight(const aggregator::v1::UserSection& section,
                                   const std::string& user_id);
::testing::AssertionResult IsRight(const aggregator::v1::OrdersSection& section,
                                   const std::string& user_id);
::testing::AssertionResult IsRight(
    const aggregator::v1::ProductsSection& section, const std::string& user_id);

::testing::AssertionResult IsRight(
    const aggregator::v1::PurchasesSection& section,
    const std::string& user_id);

// True if all that are there by default are right, and the response says that
// it is complete.
::testing::AssertionResult IsWhole(
    const aggregator::v1::GetOverviewResponse& response,
    const std::string& user_id);

}  // namespace gather::testing

#endif  // GATHER_TESTS_SUPPORT_REPLIES_H_
