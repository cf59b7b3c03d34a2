#include "client/request.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/text.h"
#include "gather/aggregator/v1/aggregator.pb.h"
#include "server/ops/flags/parse_flags.h"

ABSL_FLAG(std::vector<std::string>, sections, {},
          "Only these sections: user, orders, products, separated by commas. "
          "Empty means all.");
ABSL_FLAG(std::vector<std::string>, required, {},
          "Sections without which the call is to fail, separated by commas.");
ABSL_FLAG(int32_t, order_page_size, 0,
          "At most so many orders, up to 100; 0 leaves it to the server.");
ABSL_FLAG(int32_t, product_page_size, 0,
          "At most so many products, up to 100; 0 leaves it to the server.");

namespace gather::client {
namespace {

using gather::aggregator::v1::Section;

constexpr int kMaxPageSize = 100;

constexpr std::pair<const char*, Section> kSections[] = {
    {"user", gather::aggregator::v1::SECTION_USER},
    {"orders", gather::aggregator::v1::SECTION_ORDERS},
    {"products", gather::aggregator::v1::SECTION_PRODUCTS},
};

// SECTION_UNSPECIFIED where there is none of that name.
Section FindSection(const std::string& name) {
  for (const auto& [known, section] : kSections) {
    if (name == known) return section;
  }
  return gather::aggregator::v1::SECTION_UNSPECIFIED;
}

absl::Status CheckNames(const char* flag,
                        const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (FindSection(name) == gather::aggregator::v1::SECTION_UNSPECIFIED) {
      return ops::FlagError(flag,
                            absl::StrCat("'", EscapeControl(name),
                                         "' is not user, orders or products"));
    }
  }
  return absl::OkStatus();
}

absl::Status Check(const OverviewFlags& flags) {
  if (auto ok = CheckNames("sections", flags.sections); !ok.ok()) return ok;
  if (auto ok = CheckNames("required", flags.required); !ok.ok()) return ok;
  for (const std::string& name : flags.required) {
    if (!flags.sections.empty() &&
        std::count(flags.sections.begin(), flags.sections.end(), name) == 0) {
      return ops::FlagError("required", "'" + name + "' is not in --sections");
    }
  }
  if (auto ok = ops::CheckFlagRange("order_page_size", flags.order_page_size, 0,
                                    kMaxPageSize);
      !ok.ok()) {
    return ok;
  }
  return ops::CheckFlagRange("product_page_size", flags.product_page_size, 0,
                             kMaxPageSize);
}

}  // namespace

OverviewFlags ReadOverviewFlags() {
  return {absl::GetFlag(FLAGS_sections), absl::GetFlag(FLAGS_required),
          absl::GetFlag(FLAGS_order_page_size),
          absl::GetFlag(FLAGS_product_page_size)};
}

template <typename Request>
absl::Status FillRequest(const std::string& user_id, const OverviewFlags& flags,
                         Request& request) {
  if (absl::Status ok = Check(flags); !ok.ok()) return ok;
  request.set_user_id(user_id);
  for (const std::string& name : flags.sections) {
    request.mutable_read_mask()->add_paths(name);
  }
  for (const std::string& name : flags.required) {
    request.add_required_sections(FindSection(name));
  }
  request.set_order_page_size(flags.order_page_size);
  request.set_product_page_size(flags.product_page_size);
  return absl::OkStatus();
}

template absl::Status FillRequest(const std::string&, const OverviewFlags&,
                                  gather::aggregator::v1::GetOverviewRequest&);
template absl::Status FillRequest(
    const std::string&, const OverviewFlags&,
    gather::aggregator::v1::StreamOverviewRequest&);

}  // namespace gather::client
