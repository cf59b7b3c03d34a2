#include "server/aggregator/plan.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace gather::aggregator {
namespace {

constexpr std::size_t kMaxUserIdLength = 64;
constexpr int32_t kMaxPageSize = 100;

absl::Status CheckUserId(const std::string& user_id) {
  if (user_id.empty()) return absl::InvalidArgumentError("user_id: is empty");
  if (user_id.size() > kMaxUserIdLength) {
    return absl::InvalidArgumentError(absl::StrCat(
        "user_id: is longer than ", kMaxUserIdLength, " characters"));
  }
  const bool good = std::all_of(user_id.begin(), user_id.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
  });
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "user_id: has a character that is not of [A-Za-z0-9._-]");
}

absl::Status CheckPageSize(const char* field, int32_t size) {
  if (size >= 0 && size <= kMaxPageSize) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": ", size, " is not between 0 and ", kMaxPageSize));
}

std::optional<v1::Section> SectionByName(const std::string& name) {
  for (int i = v1::Section_MIN; i <= v1::Section_MAX; ++i) {
    const auto section = static_cast<v1::Section>(i);
    if (section != v1::SECTION_UNSPECIFIED && v1::Section_IsValid(i) &&
        name == SectionName(section)) {
      return section;
    }
  }
  return std::nullopt;
}

absl::StatusOr<Sections> Requested(const v1::GetOverviewRequest& request) {
  Sections sections;
  if (request.read_mask().paths().empty()) {
    sections.Add(v1::SECTION_USER);
    sections.Add(v1::SECTION_ORDERS);
    sections.Add(v1::SECTION_PRODUCTS);
  }
  for (const std::string& path : request.read_mask().paths()) {
    const auto section = SectionByName(path);
    if (!section) {
      return absl::InvalidArgumentError(
          "read_mask: has a path that is none of user, orders, products");
    }
    sections.Add(*section);
  }
  return sections;
}

absl::StatusOr<Sections> Required(const v1::GetOverviewRequest& request,
                                  const Sections& requested) {
  Sections sections;
  for (const int value : request.required_sections()) {
    if (!v1::Section_IsValid(value) || value == v1::SECTION_UNSPECIFIED) {
      return absl::InvalidArgumentError(
          absl::StrCat("required_sections: ", value, " is not a section"));
    }
    const auto section = static_cast<v1::Section>(value);
    if (!requested.Has(section)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "required_sections: ", SectionName(section), " is not in read_mask"));
    }
    sections.Add(section);
  }
  return sections;
}

}  // namespace

const char* SectionName(v1::Section section) {
  switch (section) {
    case v1::SECTION_USER:
      return "user";
    case v1::SECTION_ORDERS:
      return "orders";
    case v1::SECTION_PRODUCTS:
      return "products";
    default:
      return "unspecified";
  }
}

const char* SectionErrorKey(v1::Section section) {
  switch (section) {
    case v1::SECTION_USER:
      return "user_error";
    case v1::SECTION_ORDERS:
      return "orders_error";
    case v1::SECTION_PRODUCTS:
      return "products_error";
    default:
      return "unspecified_error";
  }
}

absl::StatusOr<Plan> MakePlan(const v1::GetOverviewRequest& request) {
  for (const absl::Status& check :
       {CheckUserId(request.user_id()),
        CheckPageSize("order_page_size", request.order_page_size()),
        CheckPageSize("product_page_size", request.product_page_size())}) {
    if (!check.ok()) return check;
  }
  absl::StatusOr<Sections> requested = Requested(request);
  if (!requested.ok()) return requested.status();
  absl::StatusOr<Sections> required = Required(request, *requested);
  if (!required.ok()) return required.status();
  return Plan{.requested = *requested, .required = *required};
}

}  // namespace gather::aggregator
