#include "client/summary.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/format.h"
#include "client/generic_summary.h"
#include "gather/aggregator/v1/aggregator.pb.h"
#include "gather/fanout/v1/fanout.pb.h"
#include "gather/order/v1/order.pb.h"
#include "gather/product/v1/product.pb.h"
#include "gather/user/v1/user.pb.h"
#include "google/protobuf/message.h"

namespace gather::client {
namespace {

using fanout::v1::SectionStatus;
using gather::aggregator::v1::OrdersSection;
using gather::aggregator::v1::ProductsSection;
using gather::aggregator::v1::PurchasesSection;
using gather::aggregator::v1::UserSection;

std::string TierName(gather::user::v1::Tier tier) {
  switch (tier) {
    case gather::user::v1::TIER_BASIC:
      return "basic";
    case gather::user::v1::TIER_SILVER:
      return "silver";
    case gather::user::v1::TIER_GOLD:
      return "gold";
    default:
      return "";
  }
}

// The first of `names` that is not empty.
std::string FirstOf(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (!name.empty()) return name;
  }
  return "";
}

// ", best match Saffron"; nothing where `text` is empty.
std::string Aside(const std::string& what, const std::string& text) {
  return text.empty() ? "" : absl::StrCat(", ", what, " ", text);
}

// "Wok and 2 more (EUR 39.00)"
std::string Describe(const gather::order::v1::Order& order) {
  std::string out = order.id();
  if (order.line_items_size() > 0) {
    const auto& item = order.line_items(0);
    out = FirstOf({item.product_name(), item.product_id(), order.id()});
  }
  if (order.line_items_size() > 1) {
    absl::StrAppend(&out, " and ", order.line_items_size() - 1, " more");
  }
  if (order.has_total()) {
    absl::StrAppend(&out, " (", FormatMoney(order.total()), ")");
  }
  return out;
}

// Sets `summary` to that of `section` where it is a Section.
template <typename Section>
bool SummarizeAs(const google::protobuf::Message& section,
                 std::string& summary) {
  const auto* own = dynamic_cast<const Section*>(&section);
  if (own == nullptr) return false;
  summary = Summarize(*own);
  return true;
}

template <typename... Sections>
std::string SummarizeAsOneOf(const google::protobuf::Message& section) {
  std::string summary;
  if ((SummarizeAs<Sections>(section, summary) || ...)) return summary;
  return GenericSummary(section);
}

}  // namespace

std::string Summarize(const google::protobuf::Message& section) {
  return SummarizeAsOneOf<UserSection, OrdersSection, ProductsSection,
                          PurchasesSection>(section);
}

std::string Summarize(const UserSection& section) {
  const auto& user = section.user();
  std::vector<std::string> parts;
  for (const std::string& part : {FirstOf({user.display_name(), user.id()}),
                                  user.location(), TierName(user.tier())}) {
    if (!part.empty()) parts.push_back(part);
  }
  return absl::StrJoin(parts, ", ");
}

std::string Summarize(const OrdersSection& section) {
  const int here = section.orders_size();
  std::string out =
      section.total_size() > here
          ? absl::StrCat(here, " of ",
                         FormatCount(section.total_size(), "order"))
          : FormatCount(here, "order");
  if (here > 0) {
    out += Aside("latest", Describe(section.orders(0)));
  }
  return out;
}

std::string Summarize(const ProductsSection& section) {
  std::string out = FormatCount(section.products_size(), "product");
  if (section.products_size() > 0) {
    const auto& best = section.products(0);
    out += Aside("best match", FirstOf({best.name(), best.id()}));
  }
  return out;
}

std::string Summarize(const PurchasesSection& section) {
  const std::string out = FormatCount(section.products_size(), "product");
  if (section.missing_ids_size() == 0) return out;
  return absl::StrCat(out, ", ", section.missing_ids_size(),
                      " not sold any more");
}

std::string SummarizeFailure(const SectionStatus& status) {
  const std::string reason = FirstOf(
      {status.reason(),
       absl::StatusCodeToString(static_cast<absl::StatusCode>(status.code()))});
  if (status.message().empty() || reason.empty()) {
    return reason + status.message();
  }
  return absl::StrCat(reason, ": ", status.message());
}

}  // namespace gather::client
