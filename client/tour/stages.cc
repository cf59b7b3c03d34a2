// A call that needs another's reply: an await inside a gathered branch.

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "client/tour/backends.h"
#include "client/tour/calls.h"
#include "client/tour/chapters.h"
#include "server/aggregator/sections/purchases.h"
#include "server/async/event_loop.h"
#include "server/async/gather.h"

namespace gather::client::tour {
namespace {

using aggregator::Orders;
using aggregator::Purchases;

// tour: begin
// The graph's one edge: the second call is made of what the first one brought.
// To whoever gathers it, it is a branch like any other.
async::Task<> OrdersThenPurchases(async::EventLoop& loop,
                                  const Backends& backends, Span& orders,
                                  Span& purchases) {
  const auto overview =
      MakeOverviewRequest<aggregator::v1::GetOverviewRequest>();
  orders.start = Clock::now();
  const auto ordered = co_await Ask<Orders>(loop, backends.channel(kOrders),
                                            Orders::Ask(overview));
  orders.end = purchases.start = purchases.end = Clock::now();
  orders.status = purchases.status = ordered.status();
  if (!ordered.ok()) co_return;
  const auto batches = Purchases::Ask(overview, *ordered);
  const auto bought =
      co_await Ask<Purchases>(loop, backends.channel(kProducts), batches.at(0));
  purchases.status = bought.status();
  purchases.end = Clock::now();
}
// tour: end

}  // namespace

Report RunStages(double scale) {
  const Backends backends(scale);
  async::EventLoop loop;
  std::array<Span, 4> spans;
  auto& [user, orders, products, purchases] = spans;
  orders.name = SectionName(kOrders);
  purchases.name = "purchases";
  const auto run = [&]() -> async::Task<> {
    (void)co_await async::Gather(
        Measure(loop, backends, kUser, user),
        OrdersThenPurchases(loop, backends, orders, purchases),
        Measure(loop, backends, kProducts, products));
  };
  loop.RunUntilComplete(run());

  Report report;
  const std::vector<Span> all(spans.begin(), spans.end());
  report.Draw(all);
  const Clock::duration path = orders.length() + purchases.length();
  report.Measured("total", Total(all));
  report.Measured("sum", Sum(all));
  report.Measured("critical_path", path);
  report.Says("the purchases were asked for once the orders were there",
              purchases.status.ok() && purchases.start >= orders.end);
  report.Says("who needs no other waited for none",
              Overlap({user, orders, products}));
  const Clock::duration longest = std::max(path, user.length());
  report.Says(
      absl::StrCat("the total is that of the longest way, ", Say(Total(all)),
                   " by orders and purchases, and "
                   "not the sum, ",
                   Say(Sum(all))),
      path > user.length() && Total(all) < longest * 1.2 &&
          Total(all) < Sum(all) * 0.75);
  return report;
}

}  // namespace gather::client::tour
