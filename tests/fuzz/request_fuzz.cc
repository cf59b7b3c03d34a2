// Any bytes as the request: refused with the name of a field, or a plan that
// keeps what the contract says of a good one.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "gather/aggregator/v1/aggregator.pb.h"
#include "google/rpc/error_details.pb.h"
#include "server/aggregator/overview.h"
#include "server/fanout/catalog.h"
#include "server/fanout/plan.h"
#include "tests/fuzz/expect.h"

namespace gather::fanout {
namespace {

using aggregator::Overview;

constexpr std::string_view kFields[] = {
    "user_id",           "read_mask",    "required_sections", "order_page_size",
    "product_page_size", "soft_timeout", "max_stale",         "required_mask"};

const Catalog& TheCatalog() {
  static const Catalog& catalog = *new Catalog(*MakeCatalog<Overview>());
  return catalog;
}

// As Aggregator does.
absl::StatusOr<Plan> PlanOf(const Overview::Request& request) {
  const absl::Status checked = Overview::Check(request);
  if (!checked.ok()) return checked;
  return MakePlan(TheCatalog(), request.read_mask().paths(),
                  RequiredPaths<Overview>(request));
}

// "field: what is wrong with it", and none of the caller's own bytes; the same
// for programs.
void CheckRefusal(const absl::Status& status) {
  GATHER_EXPECT(status.code() == absl::StatusCode::kInvalidArgument);
  const std::string message(status.message());
  GATHER_EXPECT(message.size() < 100);
  GATHER_EXPECT(std::all_of(message.begin(), message.end(),
                            [](char c) { return absl::ascii_isprint(c); }));
  const auto detail =
      status.GetPayload("type.googleapis.com/google.rpc.BadRequest");
  google::rpc::BadRequest bad;
  GATHER_EXPECT(detail && bad.ParseFromString(std::string(*detail)));
  GATHER_EXPECT(bad.field_violations_size() == 1);
  const auto& violation = bad.field_violations(0);
  GATHER_EXPECT(std::count(std::begin(kFields), std::end(kFields),
                           violation.field()) == 1);
  GATHER_EXPECT(message ==
                absl::StrCat(violation.field(), ": ", violation.description()));
}

// The sections that the paths name, and the enum's numbers; none but sections.
std::set<std::string> Required(const Overview::Request& request) {
  std::set<std::string> names(request.required_mask().paths().begin(),
                              request.required_mask().paths().end());
  for (const int number : request.required_sections()) {
    GATHER_EXPECT(number >= 1 && number <= 3);
    constexpr const char* kNames[] = {"user", "orders", "products"};
    names.insert(kNames[number - 1]);
  }
  for (const std::string& name : names) GATHER_EXPECT(TheCatalog().Find(name));
  return names;
}

void CheckPlan(const Overview::Request& request, const Plan& plan) {
  const std::string& id = request.user_id();
  GATHER_EXPECT(!id.empty() && id.size() <= 64);
  GATHER_EXPECT(std::all_of(id.begin(), id.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
  }));
  for (const int size :
       {request.order_page_size(), request.product_page_size()}) {
    GATHER_EXPECT(size >= 0 && size <= 100);
  }
  const auto& paths = request.read_mask().paths();
  for (const std::string& path : paths) GATHER_EXPECT(TheCatalog().Find(path));
  const std::set<std::string> required = Required(request);
  const auto& sections = TheCatalog().sections;
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const bool asked = paths.empty()
                           ? !sections[i].only_on_request
                           : std::find(paths.begin(), paths.end(),
                                       sections[i].name) != paths.end();
    GATHER_EXPECT(plan.requested.Has(i) == asked);
    GATHER_EXPECT(plan.required.Has(i) == required.contains(sections[i].name));
    GATHER_EXPECT(!plan.required.Has(i) || plan.requested.Has(i));
  }
}

}  // namespace
}  // namespace gather::fanout

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  namespace fanout = gather::fanout;
  gather::aggregator::v1::GetOverviewRequest request;
  if (!request.ParseFromArray(data, static_cast<int>(size))) return 0;
  const absl::StatusOr<fanout::Plan> plan = fanout::PlanOf(request);
  if (plan.ok()) {
    fanout::CheckPlan(request, *plan);
  } else {
    fanout::CheckRefusal(plan.status());
  }
  return 0;
}
