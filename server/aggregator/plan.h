#ifndef GATHER_SERVER_AGGREGATOR_PLAN_H_
#define GATHER_SERVER_AGGREGATOR_PLAN_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "gather/aggregator/v1/aggregator.pb.h"

namespace gather::aggregator {

// "user", "orders", "products": the section's field in GetOverviewResponse, and
// its path in a read mask.
const char* SectionName(v1::Section section);

// "user_error" and so on: what a section's failure is logged under.
const char* SectionErrorKey(v1::Section section);

// A set of sections.
class Sections {
 public:
  void Add(v1::Section section) { bits_ |= Bit(section); }
  bool Has(v1::Section section) const { return (bits_ & Bit(section)) != 0; }

 private:
  static uint32_t Bit(v1::Section section) { return uint32_t{1} << section; }

  uint32_t bits_ = 0;
};

// What a request asks for.
struct Plan {
  Sections requested;
  Sections required;
};

// INVALID_ARGUMENT, naming the field, where the request is not as the contract
// says.
absl::StatusOr<Plan> MakePlan(const v1::GetOverviewRequest& request);

}  // namespace gather::aggregator

#endif  // GATHER_SERVER_AGGREGATOR_PLAN_H_
