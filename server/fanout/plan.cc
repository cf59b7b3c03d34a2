#include "server/fanout/plan.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "server/rpc/status.h"

namespace gather::fanout {

absl::Status UnknownPath(const Catalog& catalog, std::string_view mask) {
  std::string names;
  for (const SectionInfo& section : catalog.sections) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", section.name);
  }
  return rpc::InvalidField(mask,
                           absl::StrCat("has a path that is none of ", names));
}

absl::Status NotRequested(const Catalog& catalog, std::size_t section) {
  return rpc::InvalidField(
      "required_mask",
      absl::StrCat(catalog.sections[section].name, " is not in read_mask"));
}

void AddDependencies(const Catalog& catalog, Plan& plan) {
  plan.needed = plan.requested;
  for (std::size_t i = 0; i < catalog.sections.size(); ++i) {
    if (!plan.requested.Has(i)) continue;
    for (auto after = catalog.sections[i].after; after;
         after = catalog.sections[*after].after) {
      plan.needed.Add(*after);
      plan.staged = true;
    }
  }
}

}  // namespace gather::fanout
