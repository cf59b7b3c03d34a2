// Any bytes as the request: refused with the name of a field, or a plan that
// keeps what the contract says of a good one.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "gather/aggregator/v1/aggregator.pb.h"
#include "server/aggregator/plan.h"
#include "tests/fuzz/expect.h"

namespace gather::aggregator {
namespace {

constexpr v1::Section kSections[] = {v1::SECTION_USER, v1::SECTION_ORDERS,
                                     v1::SECTION_PRODUCTS};

constexpr std::string_view kFields[] = {"user_id", "read_mask",
                                        "required_sections", "order_page_size",
                                        "product_page_size"};

// "field: what is wrong with it", and none of the caller's own bytes.
void CheckRefusal(const absl::Status& status) {
  GATHER_EXPECT(status.code() == absl::StatusCode::kInvalidArgument);
  const std::string message(status.message());
  const bool names_field = std::any_of(
      std::begin(kFields), std::end(kFields), [&](std::string_view field) {
        return message.rfind(std::string(field) + ": ", 0) == 0;
      });
  GATHER_EXPECT(names_field);
  GATHER_EXPECT(message.size() < 100);
  GATHER_EXPECT(std::all_of(message.begin(), message.end(),
                            [](char c) { return absl::ascii_isprint(c); }));
}

bool IsNamed(const v1::GetOverviewRequest& request, v1::Section section) {
  const auto& paths = request.read_mask().paths();
  return paths.empty() || std::find(paths.begin(), paths.end(),
                                    SectionName(section)) != paths.end();
}

void CheckPlan(const v1::GetOverviewRequest& request, const Plan& plan) {
  const std::string& id = request.user_id();
  GATHER_EXPECT(!id.empty() && id.size() <= 64);
  GATHER_EXPECT(std::all_of(id.begin(), id.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
  }));
  for (const int size :
       {request.order_page_size(), request.product_page_size()}) {
    GATHER_EXPECT(size >= 0 && size <= 100);
  }
  const auto& required = request.required_sections();
  int known = 0;
  for (const v1::Section section : kSections) {
    GATHER_EXPECT(plan.requested.Has(section) == IsNamed(request, section));
    const auto times = std::count(required.begin(), required.end(), section);
    GATHER_EXPECT(plan.required.Has(section) == (times > 0));
    GATHER_EXPECT(!plan.required.Has(section) || plan.requested.Has(section));
    known += static_cast<int>(times);
  }
  GATHER_EXPECT(known == required.size());
}

}  // namespace
}  // namespace gather::aggregator

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  namespace aggregator = gather::aggregator;
  aggregator::v1::GetOverviewRequest request;
  if (!request.ParseFromArray(data, static_cast<int>(size))) return 0;
  const absl::StatusOr<aggregator::Plan> plan = aggregator::MakePlan(request);
  if (plan.ok()) {
    aggregator::CheckPlan(request, *plan);
  } else {
    aggregator::CheckRefusal(plan.status());
  }
  return 0;
}
