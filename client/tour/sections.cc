#include "client/tour/sections.h"

#include "server/aggregator/overview.h"
#include "server/fanout/catalog.h"

namespace gather::client::tour {
namespace {

using Names = std::array<std::string, Sections::kSize>;

Names ReadNames() {
  using Product = aggregator::Overview;
  const fanout::Catalog catalog = *fanout::MakeCatalog<Product>();
  Names names;
  Sections::ForEach([&]<typename S>() {
    names[Sections::IndexOf<S>()] =
        catalog.sections[Product::Sections::IndexOf<S>()].name;
  });
  return names;
}

}  // namespace

const std::string& SectionName(Section section) {
  static const Names& names = *new Names(ReadNames());
  return names[section];
}

}  // namespace gather::client::tour
