#include "server/fanout/policy/json_fault.h"

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/util/time_util.h"

namespace gather::fanout {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Struct;
using google::protobuf::Value;

std::string FaultOfObject(const Struct& object, const Descriptor& message,
                          const std::string& path);

std::string Below(const std::string& path, const std::string& key) {
  // A key may be anything; a path in a line of a log may not.
  return absl::StrCat(path, path.empty() ? "" : ".",
                      absl::Utf8SafeCEscape(key));
}

// Members by key, since a map has no order and the first fault is told.
std::map<std::string, const Value*> MembersOf(const Struct& object) {
  std::map<std::string, const Value*> members;
  for (const auto& [key, value] : object.fields()) members[key] = &value;
  return members;
}

const FieldDescriptor* FindField(const Descriptor& message,
                                 const std::string& key) {
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor* field = message.field(i);
    if (field->json_name() == key || field->name() == key) return field;
  }
  return nullptr;
}

bool IsInt32(const Value& value) {
  int32_t parsed = 0;
  if (value.kind_case() == Value::kStringValue) {
    return absl::SimpleAtoi(value.string_value(), &parsed);
  }
  const double number = value.number_value();
  return value.kind_case() == Value::kNumberValue &&
         std::trunc(number) == number && std::abs(number) <= INT32_MAX;
}

bool IsDuration(const Value& value) {
  google::protobuf::Duration parsed;
  return value.kind_case() == Value::kStringValue &&
         google::protobuf::util::TimeUtil::FromString(value.string_value(),
                                                      &parsed);
}

std::string FaultOfValue(const Value& value, const FieldDescriptor& field,
                         const std::string& path) {
  const auto fault = [&](const char* what) {
    return absl::StrCat(path, ": ", what);
  };
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return value.kind_case() == Value::kBoolValue
                 ? ""
                 : fault("neither true nor false");
    case FieldDescriptor::CPPTYPE_INT32:
      return IsInt32(value) ? "" : fault("not a whole number");
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (field.message_type() == google::protobuf::Duration::descriptor()) {
        return IsDuration(value)
                   ? ""
                   : fault("not a duration in seconds, such as \"1.5s\"");
      }
      if (value.kind_case() != Value::kStructValue) {
        return fault("not an object");
      }
      return FaultOfObject(value.struct_value(), *field.message_type(), path);
    default:
      return "";
  }
}

std::string FaultOfMap(const Value& value, const FieldDescriptor& field,
                       const std::string& path) {
  if (value.kind_case() != Value::kStructValue) {
    return absl::StrCat(path, ": not an object");
  }
  const FieldDescriptor& mapped = *field.message_type()->map_value();
  for (const auto& [key, member] : MembersOf(value.struct_value())) {
    std::string fault = FaultOfValue(*member, mapped, Below(path, key));
    if (!fault.empty()) return fault;
  }
  return "";
}

std::string NamesOfFields(const Descriptor& message) {
  std::vector<std::string> names;
  for (int i = 0; i < message.field_count(); ++i) {
    names.emplace_back(message.field(i)->json_name());
  }
  return absl::StrJoin(names, ", ");
}

std::string FaultOfObject(const Struct& object, const Descriptor& message,
                          const std::string& path) {
  for (const auto& [key, value] : MembersOf(object)) {
    const std::string below = Below(path, key);
    const FieldDescriptor* field = FindField(message, key);
    if (field == nullptr) {
      return absl::StrCat(below, ": there is no such field, but ",
                          NamesOfFields(message));
    }
    if (value->kind_case() == Value::kNullValue) continue;  // as if left out
    std::string fault = field->is_map() ? FaultOfMap(*value, *field, below)
                                        : FaultOfValue(*value, *field, below);
    if (!fault.empty()) return fault;
  }
  return "";
}

}  // namespace

std::string FindJsonFault(const Struct& object, const Descriptor& message) {
  return FaultOfObject(object, message, "");
}

}  // namespace gather::fanout
