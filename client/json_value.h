#ifndef GATHER_CLIENT_JSON_VALUE_H_
#define GATHER_CLIENT_JSON_VALUE_H_

#include <optional>
#include <string>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace gather::client {

// A number with as many digits as it takes to read the same one back. JSON has
// no other numbers than finite ones: "NaN", "Infinity" and "-Infinity" come in
// quotes, as proto3 has them.
std::string JsonNumber(double value);
std::string JsonNumber(float value);

// Whether proto3 gives messages of this type a JSON form of their own, such as
// "2024-05-01T00:00:00Z".
bool HasOwnJsonForm(const google::protobuf::Descriptor& type);

// That form. Nothing where the value has none: a time after the year 9999, an
// Any of a type that this program does not have.
std::optional<std::string> OwnJsonForm(const google::protobuf::Message& value);

}  // namespace gather::client

#endif  // GATHER_CLIENT_JSON_VALUE_H_
