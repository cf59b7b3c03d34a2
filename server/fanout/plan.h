#ifndef GATHER_SERVER_FANOUT_PLAN_H_
#define GATHER_SERVER_FANOUT_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/fanout/catalog.h"

namespace gather::fanout {

// A set of sections, each by its place in the list.
class SectionSet {
 public:
  void Add(std::size_t section) { bits_ |= Bit(section); }
  bool Has(std::size_t section) const { return (bits_ & Bit(section)) != 0; }
  bool HasAll(SectionSet others) const { return (others.bits_ & ~bits_) == 0; }
  bool empty() const { return bits_ == 0; }

 private:
  static uint64_t Bit(std::size_t section) { return uint64_t{1} << section; }

  uint64_t bits_ = 0;
};

// What a request asks for.
struct Plan {
  SectionSet requested;
  SectionSet required;
  // What is fetched: what is requested, and what that comes after.
  SectionSet needed;
  // A requested section comes after another.
  bool staged = false;
};

// Adds what is needed for what is requested.
void AddDependencies(const Catalog& catalog, Plan& plan);

// INVALID_ARGUMENT that names `mask` and the sections that there are.
absl::Status UnknownPath(const Catalog& catalog, std::string_view mask);
// INVALID_ARGUMENT for a section that is required but not requested.
absl::Status NotRequested(const Catalog& catalog, std::size_t section);

// What the paths of a read mask and of a mask of required sections ask for: the
// default where the first is empty. INVALID_ARGUMENT, naming the mask, where a
// path is no section, or a required one is not requested.
template <typename Paths, typename RequiredPaths>
absl::StatusOr<Plan> MakePlan(const Catalog& catalog, const Paths& read_mask,
                              const RequiredPaths& required_mask) {
  Plan plan;
  for (const auto& path : read_mask) {
    const auto section = catalog.Find(path);
    if (!section) return UnknownPath(catalog, "read_mask");
    plan.requested.Add(*section);
  }
  if (plan.requested.empty()) {
    for (std::size_t i = 0; i < catalog.sections.size(); ++i) {
      if (!catalog.sections[i].only_on_request) plan.requested.Add(i);
    }
  }
  for (const auto& path : required_mask) {
    const auto section = catalog.Find(path);
    if (!section) return UnknownPath(catalog, "required_mask");
    if (!plan.requested.Has(*section)) return NotRequested(catalog, *section);
    plan.required.Add(*section);
  }
  AddDependencies(catalog, plan);
  return plan;
}

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_PLAN_H_
