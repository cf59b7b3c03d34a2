#ifndef GATHER_SERVER_AGGREGATOR_SOURCES_H_
#define GATHER_SERVER_AGGREGATOR_SOURCES_H_

#include <string>
#include <utility>

#include "gather/aggregator/v1/aggregator.pb.h"
#include "gather/order/v1/order.pb.h"
#include "gather/product/v1/product.pb.h"
#include "gather/user/v1/user.grpc.pb.h"
#include "server/aggregator/relay.h"
#include "server/rpc/method_stub.h"

// Where each section comes from. This is the file to edit, beside the proto, to
// put your own backends in place of ours; a source says:
//
//   kSection       which section it fills
//   Stub, kCall    the backend's method
//   kMethod        its name, for the metrics
//   MakeRequest    what to ask, given the overview's request
//   AnsweredFor    whom the reply is for: a reply that came without a message,
//                  or for somebody else, is told from a right one by it
//   Whole          the backend's message, of which a Reply may know less
//   Readable       whether the Reply holds what a reader of the Whole can read
//   kNotFoundEnds  NOT_FOUND ends the whole request
//   Mutable, Fill  where the section stands, in a whole response and in a part
//                  of a stream, and how to put a reply in
//
// A Stub and a Reply may be the generated ones, as the user's are, or relay a
// long payload without decoding it, as the others'.
namespace gather::aggregator {

struct UserSource {
  static constexpr v1::Section kSection = v1::SECTION_USER;
  static constexpr bool kNotFoundEnds = true;
  using Stub = user::v1::UserService::Stub;
  using Request = user::v1::GetUserRequest;
  using Reply = user::v1::GetUserResponse;
  using Whole = Reply;
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
  // All of it was read.
  static bool Readable(const Reply&) { return true; }
  template <typename Response>
  static v1::UserSection* Mutable(Response* response) {
    return response->mutable_user();
  }
  static void Fill(Reply&& reply, v1::UserSection* section) {
    *section->mutable_user() = std::move(*reply.mutable_user());
    // What no contract knows may be nested deeper than a caller can read, where
    // it stands a level deeper than in the reply.
    section->mutable_user()->DiscardUnknownFields();
  }
};

struct OrdersSource {
  static constexpr v1::Section kSection = v1::SECTION_ORDERS;
  static constexpr bool kNotFoundEnds = false;
  static constexpr char kMethod[] = "gather.order.v1.OrderService/ListOrders";
  using Request = order::v1::ListOrdersRequest;
  using Reply = ListReply;
  using Whole = order::v1::ListOrdersResponse;
  using Stub = rpc::MethodStub<Request, Reply, kMethod>;
  static constexpr auto kCall = &Stub::PrepareAsync;

  static Request MakeRequest(const v1::GetOverviewRequest& overview) {
    Request request;
    request.set_user_id(overview.user_id());
    request.set_page_size(overview.order_page_size());
    return request;
  }
  static const std::string& AnsweredFor(const Reply& reply) {
    return reply.user_id();
  }
  static bool Readable(const Reply& reply) { return IsReadable<Whole>(reply); }
  template <typename Response>
  static v1::OrdersSection* Mutable(Response* response) {
    return response->mutable_orders();
  }
  static void Fill(Reply&& reply, v1::OrdersSection* section) {
    Relay(std::move(reply), *Whole::descriptor(), section);
  }
};

struct ProductsSource {
  static constexpr v1::Section kSection = v1::SECTION_PRODUCTS;
  static constexpr bool kNotFoundEnds = false;
  static constexpr char kMethod[] =
      "gather.product.v1.ProductService/ListRecommendedProducts";
  using Request = product::v1::ListRecommendedProductsRequest;
  using Reply = ListReply;
  using Whole = product::v1::ListRecommendedProductsResponse;
  using Stub = rpc::MethodStub<Request, Reply, kMethod>;
  static constexpr auto kCall = &Stub::PrepareAsync;

  static Request MakeRequest(const v1::GetOverviewRequest& overview) {
    Request request;
    request.set_user_id(overview.user_id());
    request.set_page_size(overview.product_page_size());
    return request;
  }
  static const std::string& AnsweredFor(const Reply& reply) {
    return reply.user_id();
  }
  static bool Readable(const Reply& reply) { return IsReadable<Whole>(reply); }
  template <typename Response>
  static v1::ProductsSection* Mutable(Response* response) {
    return response->mutable_products();
  }
  static void Fill(Reply&& reply, v1::ProductsSection* section) {
    Relay(std::move(reply), *Whole::descriptor(), section);
  }
};

}  // namespace gather::aggregator

#endif  // GATHER_SERVER_AGGREGATOR_SOURCES_H_
