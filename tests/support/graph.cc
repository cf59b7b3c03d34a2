#include "tests/support/graph.h"

#include <array>
#include <cstddef>

#include "server/aggregator/overview.h"
#include "server/fanout/catalog.h"

namespace gather::testing {
namespace {

const fanout::Catalog& CatalogOfOverview() {
  static const auto& kCatalog =
      *new fanout::Catalog(fanout::MakeCatalog<aggregator::Overview>().value());
  return kCatalog;
}

}  // namespace

const std::string& SectionName(int branch) {
  return CatalogOfOverview().sections[branch].name;
}

bool IsOnlyOnRequest(int branch) {
  return CatalogOfOverview().sections[branch].only_on_request;
}

int DependencyOf(int branch) {
  const auto after = CatalogOfOverview().sections[branch].after;
  return after ? static_cast<int>(*after) : -1;
}

bool NotFoundEndsRequest(int branch) {
  std::array<bool, kBranches> ends{};
  std::size_t i = 0;
  aggregator::Overview::Sections::ForEach(
      [&]<typename S>() { ends[i++] = fanout::NotFoundEndsRequest<S>(); });
  return ends[branch];
}

void MarkNeeded(FaultPlan& plan) {
  for (BranchPlan& branch : plan.branches) branch.needed = branch.requested;
  for (int i = 0; i < kBranches; ++i) {
    if (!plan.branches[i].requested) continue;
    for (int d = DependencyOf(i); d >= 0; d = DependencyOf(d)) {
      plan.branches[d].needed = true;
    }
  }
}

}  // namespace gather::testing
