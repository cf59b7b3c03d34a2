#include "client/format.h"

#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "gather/type/v1/money.pb.h"

namespace gather::client {

absl::Duration FromProto(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) +
         absl::Nanoseconds(duration.nanos());
}

std::string FormatTime(absl::Duration duration) {
  if (duration < absl::ZeroDuration()) {
    return absl::StrCat("-", FormatTime(-duration));
  }
  if (duration == absl::InfiniteDuration()) return "forever";
  if (duration == absl::ZeroDuration()) return "0 ms";
  // Each limit is where rounding would carry over into the next unit.
  const double ms = absl::ToDoubleMilliseconds(duration);
  if (ms < 0.995) return absl::StrFormat("%.2f ms", ms);
  if (ms < 999.95) return absl::StrFormat("%.1f ms", ms);
  if (ms < 59'950) return absl::StrFormat("%.1f s", ms / 1000);
  const int64_t seconds =
      absl::ToInt64Seconds(duration + absl::Milliseconds(500));
  if (seconds < 3600) {
    return absl::StrFormat("%d min %d s", seconds / 60, seconds % 60);
  }
  return absl::StrFormat("%d h %d min", seconds / 3600, seconds % 3600 / 60);
}

std::string FormatSpeedUp(absl::Duration sequential, absl::Duration total) {
  if (total <= absl::ZeroDuration() || sequential <= absl::ZeroDuration() ||
      total == absl::InfiniteDuration() ||
      sequential == absl::InfiniteDuration()) {
    return "";
  }
  return absl::StrFormat("%.1fx", absl::FDivDuration(sequential, total));
}

std::string FormatMoney(const gather::type::v1::Money& money) {
  const bool negative = money.units() < 0 || money.nanos() < 0;
  // Negation of the unsigned value holds for the least int64 too.
  uint64_t units = static_cast<uint64_t>(money.units());
  if (money.units() < 0) units = -units;
  std::string digits =
      absl::StrFormat("%09d", std::abs(static_cast<int64_t>(money.nanos())));
  while (digits.size() > 2 && digits.back() == '0') digits.pop_back();
  return absl::StrCat(money.currency_code(),
                      money.currency_code().empty() ? "" : " ",
                      negative ? "-" : "", units, ".", digits);
}

std::string FormatCount(int count, const std::string& noun) {
  if (count == 0) return absl::StrCat("no ", noun, "s");
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

}  // namespace gather::client
