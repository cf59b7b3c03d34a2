#ifndef GATHER_SERVER_BACKENDS_MONEY_H_
#define GATHER_SERVER_BACKENDS_MONEY_H_

#include <string>

#include "absl/numeric/int128.h"
#include "absl/status/status.h"
#include "gather/type/v1/money.pb.h"

namespace gather::backends {

// The amount in billionths of its unit. Exact for every Money there can be.
absl::int128 ToNanos(const type::v1::Money& money);

// Whether `nanos` fits into a Money.
bool FitsMoney(absl::int128 nanos);

// The reverse of ToNanos. Requires FitsMoney(nanos).
type::v1::Money MoneyFromNanos(const std::string& currency_code,
                               absl::int128 nanos);

// The amount for people, with at least two decimals: "EUR 12.50".
std::string MoneyToText(const type::v1::Money& money);

// Checks what money.proto demands. An error is InvalidArgument and opens with
// `path` and the field that is wrong: "orders[0].total.nanos: ...".
absl::Status CheckMoney(const std::string& path, const type::v1::Money& money);

}  // namespace gather::backends

#endif  // GATHER_SERVER_BACKENDS_MONEY_H_
