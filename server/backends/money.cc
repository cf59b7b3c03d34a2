#include "server/backends/money.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <limits>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace gather::backends {
namespace {

using type::v1::Money;

constexpr int32_t kNanosPerUnit = 1'000'000'000;

bool IsCurrencyCode(const std::string& code) {
  return code.size() == 3 && std::all_of(code.begin(), code.end(), [](char c) {
           return c >= 'A' && c <= 'Z';
         });
}

}  // namespace

absl::int128 ToNanos(const Money& money) {
  return absl::int128(money.units()) * kNanosPerUnit + money.nanos();
}

bool FitsMoney(absl::int128 nanos) {
  const absl::int128 units = nanos / kNanosPerUnit;
  return units >= std::numeric_limits<int64_t>::min() &&
         units <= std::numeric_limits<int64_t>::max();
}

Money MoneyFromNanos(const std::string& currency_code, absl::int128 nanos) {
  Money money;
  money.set_currency_code(currency_code);
  money.set_units(static_cast<int64_t>(nanos / kNanosPerUnit));
  money.set_nanos(static_cast<int32_t>(nanos % kNanosPerUnit));
  return money;
}

std::string MoneyToText(const Money& money) {
  // 0 units with negative nanos print their sign nowhere else.
  const char* sign = money.units() == 0 && money.nanos() < 0 ? "-" : "";
  std::string decimals = absl::StrFormat("%09d", std::abs(money.nanos()));
  while (decimals.size() > 2 && decimals.back() == '0') decimals.pop_back();
  return absl::StrCat(money.currency_code(), " ", sign, money.units(), ".",
                      decimals);
}

absl::Status CheckMoney(const std::string& path, const Money& money) {
  if (money.currency_code().empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ".currency_code: is missing"));
  }
  if (!IsCurrencyCode(money.currency_code())) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ".currency_code: \"",
                     absl::Utf8SafeCEscape(money.currency_code()),
                     "\" is not three upper-case letters"));
  }
  if (money.nanos() <= -kNanosPerUnit || money.nanos() >= kNanosPerUnit) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ".nanos: ", money.nanos(),
                     " is not from -999999999 to 999999999"));
  }
  if ((money.units() > 0 && money.nanos() < 0) ||
      (money.units() < 0 && money.nanos() > 0)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ".nanos: ", money.nanos(),
                     " does not have the sign of units, ", money.units()));
  }
  return absl::OkStatus();
}

}  // namespace gather::backends
