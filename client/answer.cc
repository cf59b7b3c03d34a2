#include "client/answer.h"

#include <optional>
#include <string>
#include <vector>

#include "gather/fanout/v1/fanout.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace gather::client {
namespace {

using fanout::v1::FanOutSummary;
using fanout::v1::FanOutTiming;
using fanout::v1::SectionStatus;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool IsSingularMessage(const FieldDescriptor& field) {
  return !field.is_repeated() &&
         field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
}

template <typename T>
bool Holds(const FieldDescriptor* field) {
  return field != nullptr && IsSingularMessage(*field) &&
         field->message_type()->full_name() == T::descriptor()->full_name();
}

const FieldDescriptor* StatusField(const Descriptor& section) {
  const FieldDescriptor* field = section.FindFieldByName("status");
  return Holds<SectionStatus>(field) ? field : nullptr;
}

// The first field of type T.
template <typename T>
const FieldDescriptor* FieldOf(const Descriptor& type) {
  for (int i = 0; i < type.field_count(); ++i) {
    if (Holds<T>(type.field(i))) return type.field(i);
  }
  return nullptr;
}

// The message in `field`.
template <typename T>
std::optional<T> Read(const Message& message, const FieldDescriptor* field) {
  if (field == nullptr) return std::nullopt;
  const auto& reflection = *message.GetReflection();
  if (!reflection.HasField(message, field)) return std::nullopt;
  const Message& held = reflection.GetMessage(message, field);
  if (const T* own = dynamic_cast<const T*>(&held)) {
    return *own;
  }
  // A descriptor that was loaded at run time makes another class of the type.
  T value;
  (void)value.ParsePartialFromString(held.SerializePartialAsString());
  return value;
}

}  // namespace

std::vector<const FieldDescriptor*> SectionFields(const Descriptor& answer) {
  std::vector<const FieldDescriptor*> sections;
  for (int i = 0; i < answer.field_count(); ++i) {
    const FieldDescriptor& field = *answer.field(i);
    if (IsSingularMessage(field) &&
        StatusField(*field.message_type()) != nullptr) {
      sections.push_back(&field);
    }
  }
  return sections;
}

std::vector<std::string> SectionNames(const Descriptor& answer) {
  std::vector<std::string> names;
  for (const FieldDescriptor* field : SectionFields(answer)) {
    names.emplace_back(field->name());
  }
  return names;
}

SectionStatus StatusOf(const Message& section) {
  return Read<SectionStatus>(section, StatusField(*section.GetDescriptor()))
      .value_or(SectionStatus());
}

bool IsComplete(const Message& answer) {
  const FieldDescriptor* field =
      answer.GetDescriptor()->FindFieldByName("complete");
  return field != nullptr && !field->is_repeated() &&
         field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL &&
         answer.GetReflection()->GetBool(answer, field);
}

std::optional<FanOutTiming> TimingOf(const Message& answer) {
  return Read<FanOutTiming>(answer,
                            FieldOf<FanOutTiming>(*answer.GetDescriptor()));
}

std::optional<FanOutSummary> FanOutSummaryOf(const Message& part) {
  return Read<FanOutSummary>(part,
                             FieldOf<FanOutSummary>(*part.GetDescriptor()));
}

}  // namespace gather::client
