#ifndef GATHER_TESTS_SIMULATION_REPORT_H_
#define GATHER_TESTS_SIMULATION_REPORT_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

#include "tests/simulation/fan_out_model.h"

namespace gather::simulation {

// What became of the requests that came from `from` until `until`.
class Report {
 public:
  Report(const FanOutModel& model, Clock::duration from,
         Clock::duration until) {
    for (const RequestRecord& record : model.requests()) {
      const Clock::duration since = record.since - EventQueue::kBegin;
      if (since < from || since >= until) continue;
      ++requests_;
      if (record.refused) {
        ++refused_;
      } else {
        records_.push_back(&record);
      }
    }
  }

  int requests() const { return requests_; }
  // The aggregator itself had no room for them.
  int refused() const { return refused_; }

  // Sections that ended so.
  int Count(std::size_t section, SectionEnd end) const {
    return static_cast<int>(std::count_if(
        records_.begin(), records_.end(), [&](const RequestRecord* record) {
          return record->sections[section] == end;
        }));
  }

  // Sections that somebody waited for and did not get.
  int Lost(std::size_t section) const {
    return static_cast<int>(records_.size()) -
           Count(section, SectionEnd::kArrived) -
           Count(section, SectionEnd::kStale) -
           Count(section, SectionEnd::kCancelled);
  }

  // Of the answers' latencies; `share` from 0 to 1.
  Clock::duration Quantile(double share) const {
    std::vector<Clock::duration> durations;
    for (const RequestRecord* record : records_) {
      durations.push_back(record->duration);
    }
    if (durations.empty()) return Clock::duration::max();
    const auto place = durations.begin() +
                       static_cast<std::ptrdiff_t>(
                           share * static_cast<double>(durations.size() - 1));
    std::nth_element(durations.begin(), place, durations.end());
    return *place;
  }
  Clock::duration Median() const { return Quantile(0.5); }

 private:
  int requests_ = 0;
  int refused_ = 0;
  std::vector<const RequestRecord*> records_;
};

}  // namespace gather::simulation

#endif  // GATHER_TESTS_SIMULATION_REPORT_H_
