#ifndef GATHER_SERVER_AGGREGATOR_SECTIONS_ORDERS_H_
#define GATHER_SERVER_AGGREGATOR_SECTIONS_ORDERS_H_

#include <optional>
#include <string_view>

#include "gather/aggregator/v1/aggregator.pb.h"
#include "gather/order/v1/order.pb.h"
#include "server/fanout/section.h"

namespace gather::aggregator {

// What the user has ordered: a list, handed on as it comes.
struct Orders {
  static constexpr fanout::Backend kBackend{"order", "localhost:50053"};
  static constexpr char kMethod[] = "gather.order.v1.OrderService/ListOrders";
  using Request = order::v1::ListOrdersRequest;
  using Reply = fanout::Relayed<order::v1::ListOrdersResponse>;

  static Request Ask(const v1::GetOverviewRequest& overview) {
    Request request;
    request.set_user_id(overview.user_id());
    request.set_page_size(overview.order_page_size());
    return request;
  }
  static fanout::Echo EchoOf(const Request& request, const Reply& reply) {
    return {.asked = request.user_id(),
            .answered =
                reply.Text(order::v1::ListOrdersResponse::kUserIdFieldNumber)};
  }
  static std::optional<fanout::Reason> FaultIn(const Request& request,
                                               const Reply& reply) {
    using Message = order::v1::ListOrdersResponse;
    for (const std::string_view owner :
         reply.Texts({Message::kOrdersFieldNumber,
                      order::v1::Order::kUserIdFieldNumber})) {
      if (!owner.empty() && owner != request.user_id()) {
        return fanout::Reason::kReplyForAnother;
      }
    }
    if (reply.Number(Message::kTotalSizeFieldNumber) < 0) {
      return fanout::Reason::kReplyUnreadable;
    }
    return fanout::PageFault(request.page_size(),
                             reply.Count(Message::kOrdersFieldNumber));
  }
  static auto* In(auto& answer) { return answer.mutable_orders(); }
};

}  // namespace gather::aggregator

#endif  // GATHER_SERVER_AGGREGATOR_SECTIONS_ORDERS_H_
