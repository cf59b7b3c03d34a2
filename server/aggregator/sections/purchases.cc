#include "server/aggregator/sections/purchases.h"

#include <string>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "gather/order/v1/order.pb.h"

namespace gather::aggregator {
namespace {

using order::v1::LineItem;
using order::v1::ListOrdersResponse;
using order::v1::Order;
using product::v1::BatchGetProductsResponse;
using product::v1::Product;

// As BatchGetProducts has it.
constexpr int kMaxIdsOfACall = 100;

// Takes `id` from the front of `ids`, where it is next.
bool Take(std::string_view id, const std::vector<std::string_view>& ids,
          std::size_t& next) {
  if (next == ids.size() || ids[next] != id) return false;
  ++next;
  return true;
}

}  // namespace

std::vector<Purchases::Request> Purchases::Ask(const v1::GetOverviewRequest&,
                                               const Orders::Reply& orders) {
  const std::vector<std::string_view> ordered = orders.Texts(
      {ListOrdersResponse::kOrdersFieldNumber, Order::kLineItemsFieldNumber,
       LineItem::kProductIdFieldNumber});
  std::vector<Request> batches;
  absl::flat_hash_set<std::string_view> asked;
  for (const std::string_view id : ordered) {
    if (id.empty() || !asked.insert(id).second) continue;
    if (batches.empty() || batches.back().ids_size() == kMaxIdsOfACall) {
      batches.emplace_back();
    }
    batches.back().add_ids(std::string(id));
  }
  return batches;
}

fanout::Echo Purchases::EchoOf(const Request& request, const Reply& reply) {
  const std::vector<std::string_view> products =
      reply.Texts({BatchGetProductsResponse::kProductsFieldNumber,
                   Product::kIdFieldNumber});
  const std::vector<std::string_view> missing =
      reply.Texts({BatchGetProductsResponse::kMissingIdsFieldNumber});
  std::size_t product = 0;
  std::size_t gone = 0;
  for (const std::string& id : request.ids()) {
    if (Take(id, products, product) || Take(id, missing, gone)) continue;
    return {.asked = id,
            .answered = product < products.size() ? products[product] : ""};
  }
  if (product < products.size() || gone < missing.size()) {
    return {.asked = "", .answered = "what was not asked for"};
  }
  return {.asked = request.ids(0), .answered = request.ids(0)};
}

}  // namespace gather::aggregator
