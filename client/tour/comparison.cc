#include "client/tour/comparison.h"

#include <stdlib.h>

#include <thread>

#include "absl/strings/str_format.h"

namespace gather::client::tour {

Table CompareWays(const std::vector<Told>& chapters) {
  Table table = {{"", "three calls", "a thousand: memory", "begun in"}};
  for (const auto& [chapter, report] : chapters) {
    if (!report.cost) continue;
    const Cost& cost = *report.cost;
    table.push_back(
        {chapter.name, Say(cost.took),
         cost.thousand_bytes
             ? absl::StrFormat(
                   "%.0f MB",
                   static_cast<double>(*cost.thousand_bytes) / (1 << 20))
             : "-",
         cost.thousand_set_up ? Say(*cost.thousand_set_up) : "-"});
  }
  return table.size() > 2 ? table : Table();
}

std::string MachineLoad() {
  double load = 0;
  if (getloadavg(&load, 1) != 1) return "load unknown";
  return absl::StrFormat("load %.1f on %d cores", load,
                         std::thread::hardware_concurrency());
}

}  // namespace gather::client::tour
