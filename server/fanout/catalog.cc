#include "server/fanout/catalog.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gather/fanout/v1/fanout.pb.h"

namespace gather::fanout {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

namespace {

bool IsSection(const FieldDescriptor& field) {
  if (field.message_type() == nullptr || field.is_repeated()) return false;
  const FieldDescriptor* status =
      field.message_type()->FindFieldByName("status");
  return status != nullptr &&
         status->message_type() == v1::SectionStatus::descriptor();
}

}  // namespace

absl::StatusOr<std::string> NameOfOnlyField(const Message& answer) {
  std::vector<const FieldDescriptor*> fields;
  answer.GetReflection()->ListFields(answer, &fields);
  if (fields.size() == 1) return std::string(fields[0]->name());
  return absl::FailedPreconditionError(absl::StrCat(
      "a section's In() must give a field of ", answer.GetTypeName()));
}

absl::Status CheckMethod(const std::string& method, const Descriptor& request,
                         const Descriptor& reply) {
  std::string name = method;
  std::replace(name.begin(), name.end(), '/', '.');
  const MethodDescriptor* found =
      DescriptorPool::generated_pool()->FindMethodByName(name);
  if (found == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat(method, ": there is no such method"));
  }
  if (found->input_type() == &request && found->output_type() == &reply) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat(method, ": takes ", found->input_type()->full_name(),
                   " and gives ", found->output_type()->full_name(), ", not ",
                   request.full_name(), " and ", reply.full_name()));
}

absl::Status CheckAllFilled(const Descriptor& answer,
                            const std::vector<SectionInfo>& sections) {
  for (int i = 0; i < answer.field_count(); ++i) {
    const FieldDescriptor& field = *answer.field(i);
    if (!IsSection(field)) continue;
    const auto fills = std::count_if(sections.begin(), sections.end(),
                                     [&](const SectionInfo& section) {
                                       return section.name == field.name();
                                     });
    if (fills == 1) continue;
    return absl::FailedPreconditionError(
        absl::StrCat(field.full_name(), ": ",
                     fills == 0 ? "no section" : "more than one section",
                     " in the list fills it"));
  }
  return absl::OkStatus();
}

}  // namespace gather::fanout
