#ifndef GATHER_SERVER_AGGREGATOR_SECTIONS_PURCHASES_H_
#define GATHER_SERVER_AGGREGATOR_SECTIONS_PURCHASES_H_

#include <cstddef>
#include <vector>

#include "gather/aggregator/v1/aggregator.pb.h"
#include "gather/product/v1/product.pb.h"
#include "server/aggregator/sections/orders.h"
#include "server/fanout/section.h"

namespace gather::aggregator {

// What the user has bought: the products of the orders, each asked for once, in
// batches as large as the backend takes. A second stage, so only for callers
// who name it.
struct Purchases {
  static constexpr fanout::Backend kBackend{"product", "localhost:50054"};
  static constexpr char kMethod[] =
      "gather.product.v1.ProductService/BatchGetProducts";
  static constexpr bool kOnlyOnRequest = true;
  static constexpr std::size_t kCallsAtOnce = 4;
  using After = Orders;
  using Request = product::v1::BatchGetProductsRequest;
  using Reply = fanout::Relayed<product::v1::BatchGetProductsResponse>;

  static std::vector<Request> Ask(const v1::GetOverviewRequest& overview,
                                  const Orders::Reply& orders);
  // The first id that was not answered for.
  static fanout::Echo EchoOf(const Request& request, const Reply& reply);
  static auto* In(auto& answer) { return answer.mutable_purchases(); }
};

}  // namespace gather::aggregator

#endif  // GATHER_SERVER_AGGREGATOR_SECTIONS_PURCHASES_H_
