#include "client/generic_summary.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace gather::client {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr size_t kMaxTexts = 3;

// What a section has besides its status.
struct Payload {
  std::vector<const FieldDescriptor*> lists;
  std::vector<const FieldDescriptor*> messages;
};

Payload PayloadOf(const Descriptor& section) {
  Payload payload;
  for (int i = 0; i < section.field_count(); ++i) {
    const FieldDescriptor* field = section.field(i);
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE ||
        field->is_map() || field->name() == "status") {
      continue;
    }
    (field->is_repeated() ? payload.lists : payload.messages).push_back(field);
  }
  return payload;
}

// "entries" is "entry", "line_items" is "line item"; good enough for a name
// that someone gave a list.
std::string Noun(const FieldDescriptor& list, int64_t count) {
  std::string noun =
      absl::StrReplaceAll(std::string(list.name()), {{"_", " "}});
  if (count != 1) return noun;
  if (noun.ends_with("ies")) return noun.substr(0, noun.size() - 3) + "y";
  if (noun.ends_with('s') && !noun.ends_with("ss")) noun.pop_back();
  return noun;
}

int64_t TotalSize(const Message& section) {
  const FieldDescriptor* field =
      section.GetDescriptor()->FindFieldByName("total_size");
  if (field == nullptr || field->is_repeated()) return 0;
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_INT32) {
    return section.GetReflection()->GetInt32(section, field);
  }
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_INT64) {
    return section.GetReflection()->GetInt64(section, field);
  }
  return 0;
}

std::string CountOf(const Message& section, const FieldDescriptor& list) {
  const int here = section.GetReflection()->FieldSize(section, &list);
  const int64_t total = TotalSize(section);
  if (total > here) {
    return absl::StrCat(here, " of ", total, " ", Noun(list, total));
  }
  if (here == 0) return "no " + Noun(list, here);
  return absl::StrCat(here, " ", Noun(list, here));
}

std::string TextsOf(const Message& message) {
  std::vector<std::string> texts;
  const Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count() && texts.size() < kMaxTexts; ++i) {
    const FieldDescriptor* field = type.field(i);
    if (field->is_repeated() || field->type() != FieldDescriptor::TYPE_STRING) {
      continue;
    }
    std::string text = message.GetReflection()->GetString(message, field);
    if (!text.empty()) texts.push_back(std::move(text));
  }
  return absl::StrJoin(texts, ", ");
}

}  // namespace

std::string GenericSummary(const Message& section) {
  const Payload payload = PayloadOf(*section.GetDescriptor());
  std::string summary;
  if (payload.lists.size() == 1) {
    summary = CountOf(section, *payload.lists[0]);
  } else if (payload.lists.empty() && payload.messages.size() == 1) {
    summary = TextsOf(
        section.GetReflection()->GetMessage(section, payload.messages[0]));
  }
  return summary.empty() ? "ok" : summary;
}

}  // namespace gather::client
