#ifndef GATHER_SERVER_AGGREGATOR_SECTIONS_PRODUCTS_H_
#define GATHER_SERVER_AGGREGATOR_SECTIONS_PRODUCTS_H_

#include <optional>

#include "gather/aggregator/v1/aggregator.pb.h"
#include "gather/product/v1/product.pb.h"
#include "server/fanout/section.h"

namespace gather::aggregator {

// What the user may like: a list, handed on as it comes.
struct Products {
  static constexpr fanout::Backend kBackend{"product", "localhost:50054"};
  static constexpr char kMethod[] =
      "gather.product.v1.ProductService/ListRecommendedProducts";
  using Request = product::v1::ListRecommendedProductsRequest;
  using Reply = fanout::Relayed<product::v1::ListRecommendedProductsResponse>;

  static Request Ask(const v1::GetOverviewRequest& overview) {
    Request request;
    request.set_user_id(overview.user_id());
    request.set_page_size(overview.product_page_size());
    return request;
  }
  static fanout::Echo EchoOf(const Request& request, const Reply& reply) {
    return {
        .asked = request.user_id(),
        .answered = reply.Text(
            product::v1::ListRecommendedProductsResponse::kUserIdFieldNumber)};
  }
  static std::optional<fanout::Reason> FaultIn(const Request& request,
                                               const Reply& reply) {
    return fanout::PageFault(
        request.page_size(),
        reply.Count(product::v1::ListRecommendedProductsResponse::
                        kProductsFieldNumber));
  }
  static auto* In(auto& answer) { return answer.mutable_products(); }
};

}  // namespace gather::aggregator

#endif  // GATHER_SERVER_AGGREGATOR_SECTIONS_PRODUCTS_H_
