#ifndef GATHER_CLIENT_FORMAT_H_
#define GATHER_CLIENT_FORMAT_H_

#include <string>

#include "absl/time/time.h"
#include "gather/type/v1/money.pb.h"
#include "google/protobuf/duration.pb.h"

namespace gather::client {

// The value of `duration`, also where its fields are out of range.
absl::Duration FromProto(const google::protobuf::Duration& duration);

// A duration as people say it: "0.31 ms", "12.3 ms", "1.5 s", "2 min 5 s",
// "27 h 46 min".
std::string FormatTime(absl::Duration duration);

// How many times `total` goes into `sequential`: "2.2x". Empty where there is
// nothing to compare.
std::string FormatSpeedUp(absl::Duration sequential, absl::Duration total);

// "EUR 39.00", "EUR -0.50"; more digits only where the amount has them.
std::string FormatMoney(const gather::type::v1::Money& money);

// "1 order", "4 orders", "no orders".
std::string FormatCount(int count, const std::string& noun);

}  // namespace gather::client

#endif  // GATHER_CLIENT_FORMAT_H_
