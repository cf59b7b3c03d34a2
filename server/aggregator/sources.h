#ifndef GATHER_SERVER_AGGREGATOR_SOURCES_H_
#define GATHER_SERVER_AGGREGATOR_SOURCES_H_

#include <string>
#include <utility>

#include "gather/aggregator/v1/aggregator.pb.h"
#include "gather/order/v1/order.grpc.pb.h"
#include "gather/product/v1/product.grpc.pb.h"
#include "gather/user/v1/user.grpc.pb.h"

// Where each section comes from. This is the file to edit, beside the proto, to
// put your own backends in place of ours; a source says:
//
//   kSection       which section it fills
//   Stub, kCall    the backend's method
//   kMethod        its name, for the metrics
//   MakeRequest    what to ask, given the overview's request
//   AnsweredFor    whom the reply is for: a reply that came without a message,
//                  or for somebody else, is told from a right one by it
//   kNotFoundEnds  NOT_FOUND ends the whole request
//   Mutable, Fill  where the section stands, in a whole response and in a part
//   of
//                  a stream, and how to put a reply in
namespace gather::aggregator {

struct UserSource {
  static constexpr v1::Section kSection = v1::SECTION_USER;
  static constexpr bool kNotFoundEnds = true;
  using Stub = user::v1::UserService::Stub;
  using Request = user::v1::GetUserRequest;
  using Reply = user::v1::GetUserResponse;
  static constexpr auto kCall = &Stub::PrepareAsyncGetUser;
  static constexpr char kMethod[] = "gather.user.v1.UserService/GetUser";

  static Request MakeRequest(const v1::GetOverviewRequest& overview) {
    Request request;
    request.set_user_id(overview.user_id());
    return request;
  }
  static const std::string& AnsweredFor(const Reply& reply) {
    return reply.user().id();
  }
  template <typename Response>
  static v1::UserSection* Mutable(Response* response) {
    return response->mutable_user();
  }
  static void Fill(Reply&& reply, v1::UserSection* section) {
    *section->mutable_user() = std::move(*reply.mutable_user());
  }
};

struct OrdersSource {
  static constexpr v1::Section kSection = v1::SECTION_ORDERS;
  static constexpr bool kNotFoundEnds = false;
  using Stub = order::v1::OrderService::Stub;
  using Request = order::v1::ListOrdersRequest;
  using Reply = order::v1::ListOrdersResponse;
  static constexpr auto kCall = &Stub::PrepareAsyncListOrders;
  static constexpr char kMethod[] = "gather.order.v1.OrderService/ListOrders";

  static Request MakeRequest(const v1::GetOverviewRequest& overview) {
    Request request;
    request.set_user_id(overview.user_id());
    request.set_page_size(overview.order_page_size());
    return request;
  }
  static const std::string& AnsweredFor(const Reply& reply) {
    return reply.user_id();
  }
  template <typename Response>
  static v1::OrdersSection* Mutable(Response* response) {
    return response->mutable_orders();
  }
  static void Fill(Reply&& reply, v1::OrdersSection* section) {
    section->mutable_orders()->Swap(reply.mutable_orders());
    section->set_next_page_token(std::move(*reply.mutable_next_page_token()));
    section->set_total_size(reply.total_size());
  }
};

struct ProductsSource {
  static constexpr v1::Section kSection = v1::SECTION_PRODUCTS;
  static constexpr bool kNotFoundEnds = false;
  using Stub = product::v1::ProductService::Stub;
  using Request = product::v1::ListRecommendedProductsRequest;
  using Reply = product::v1::ListRecommendedProductsResponse;
  static constexpr auto kCall = &Stub::PrepareAsyncListRecommendedProducts;
  static constexpr char kMethod[] =
      "gather.product.v1.ProductService/ListRecommendedProducts";

  static Request MakeRequest(const v1::GetOverviewRequest& overview) {
    Request request;
    request.set_user_id(overview.user_id());
    request.set_page_size(overview.product_page_size());
    return request;
  }
  static const std::string& AnsweredFor(const Reply& reply) {
    return reply.user_id();
  }
  template <typename Response>
  static v1::ProductsSection* Mutable(Response* response) {
    return response->mutable_products();
  }
  static void Fill(Reply&& reply, v1::ProductsSection* section) {
    section->mutable_products()->Swap(reply.mutable_products());
  }
};

}  // namespace gather::aggregator

#endif  // GATHER_SERVER_AGGREGATOR_SOURCES_H_
