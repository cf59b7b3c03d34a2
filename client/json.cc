#include "client/json.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/json_value.h"
#include "client/text.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace gather::client {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr size_t kPieceBytes = 64 * 1024;
constexpr size_t kMaxPaths = 3;

std::string Quote(std::string_view text) {
  return "\"" + EscapeJson(text) + "\"";
}

std::string JsonEnum(const EnumDescriptor& type, int number) {
  if (type.full_name() == "google.protobuf.NullValue") return "null";
  const auto* value = type.FindValueByNumber(number);
  if (value == nullptr) return absl::StrCat(number);
  return Quote(value->name());
}

// A value: the field of a message, or an element of a repeated field.
struct Place {
  const Message& message;
  const FieldDescriptor* field;
  int index = -1;  // -1: not repeated

  template <typename T>
  T Get(T (Reflection::*singular)(const Message&, const FieldDescriptor*) const,
        T (Reflection::*repeated)(const Message&, const FieldDescriptor*, int)
            const) const {
    const Reflection& reflection = *message.GetReflection();
    return index < 0 ? (reflection.*singular)(message, field)
                     : (reflection.*repeated)(message, field, index);
  }

  const Message& GetMessage() const {
    const Reflection& reflection = *message.GetReflection();
    return index < 0 ? reflection.GetMessage(message, field)
                     : reflection.GetRepeatedMessage(message, field, index);
  }

  const std::string& GetString(std::string& scratch) const {
    const Reflection& reflection = *message.GetReflection();
    return index < 0 ? reflection.GetStringReference(message, field, &scratch)
                     : reflection.GetRepeatedStringReference(message, field,
                                                             index, &scratch);
  }
};

std::string JsonText(const Place& place) {
  std::string scratch;
  const std::string& text = place.GetString(scratch);
  if (place.field->type() != FieldDescriptor::TYPE_BYTES) return Quote(text);
  return "\"" + absl::Base64Escape(text) + "\"";
}

// The JSON of anything but a message.
std::string JsonScalar(const Place& place) {
  using R = Reflection;
  switch (place.field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(place.Get(&R::GetInt32, &R::GetRepeatedInt32));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(place.Get(&R::GetUInt32, &R::GetRepeatedUInt32));
    // In quotes: a number in JSON is a double to most readers.
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat("\"", place.Get(&R::GetInt64, &R::GetRepeatedInt64),
                          "\"");
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat("\"", place.Get(&R::GetUInt64, &R::GetRepeatedUInt64),
                          "\"");
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return JsonNumber(place.Get(&R::GetDouble, &R::GetRepeatedDouble));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return JsonNumber(place.Get(&R::GetFloat, &R::GetRepeatedFloat));
    case FieldDescriptor::CPPTYPE_BOOL:
      return place.Get(&R::GetBool, &R::GetRepeatedBool) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return JsonEnum(*place.field->enum_type(),
                      place.Get(&R::GetEnumValue, &R::GetRepeatedEnumValue));
    default:
      return JsonText(place);
  }
}

std::string JsonKey(const Place& place) {
  const std::string key = JsonScalar(place);
  return key.starts_with('"') ? key : "\"" + key + "\"";
}

class Writer {
 public:
  Writer(bool one_line, const TextSink& sink, JsonOmissions& omitted)
      : one_line_(one_line), sink_(sink), omitted_(omitted) {}

  void WriteMessage(const Message& message) {
    Open('{');
    const auto& type = *message.GetDescriptor();
    for (int i = 0; i < type.field_count() && !failed_; ++i) {
      const FieldDescriptor* field = type.field(i);
      const std::string key = Quote(field->json_name());
      if (field->is_repeated()) {
        WriteRepeated(key, message, field);
      } else if (!field->has_presence() ||
                 message.GetReflection()->HasField(message, field)) {
        WriteValue(key, {message, field});
      }
    }
    Close('}');
  }

  // Whether all was written.
  bool End() {
    out_ += '\n';
    Flush();
    return !failed_;
  }

 private:
  void WriteRepeated(const std::string& key, const Message& message,
                     const FieldDescriptor* field) {
    BeginElement(key);
    Open(field->is_map() ? '{' : '[');
    const int size = message.GetReflection()->FieldSize(message, field);
    if (size > kMaxJsonItems) {
      path_.push_back({message, field});
      Omit(absl::StrCat("items past the first ", kMaxJsonItems, " of ", size));
      path_.pop_back();
    }
    for (int i = 0; i < std::min(size, kMaxJsonItems) && !failed_; ++i) {
      const Place element{message, field, i};
      if (field->is_map()) {
        WriteEntry(element);
      } else {
        WriteValue("", element);
      }
    }
    Close(field->is_map() ? '}' : ']');
  }

  void WriteEntry(const Place& element) {
    const Message& entry = element.GetMessage();
    const auto& type = *entry.GetDescriptor();
    path_.push_back(element);
    WriteValue(JsonKey({entry, type.map_key()}), {entry, type.map_value()});
    path_.pop_back();
  }

  // An element of a list has no `key`.
  void WriteValue(const std::string& key, const Place& place) {
    if (place.field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      BeginElement(key);
      out_ += JsonScalar(place);
      return;
    }
    path_.push_back(place);
    const Message& value = place.GetMessage();
    if (!HasOwnJsonForm(*value.GetDescriptor())) {
      BeginElement(key);
      WriteMessage(value);
    } else if (const auto form = OwnJsonForm(value)) {
      BeginElement(key);
      out_ += *form;
    } else {
      Omit("no JSON form");
    }
    path_.pop_back();
  }

  // What path_ leads to.
  void Omit(const std::string& why) {
    if (omitted_.count++ >= static_cast<int64_t>(kMaxPaths)) return;
    const std::string path =
        absl::StrJoin(path_, ".", [](std::string* out, const Place& place) {
          out->append(place.field->name());
          if (place.index >= 0) absl::StrAppend(out, "[", place.index, "]");
        });
    omitted_.paths.push_back(absl::StrCat(path, " (", why, ")"));
  }

  void Open(char bracket) {
    out_ += bracket;
    ++depth_;
    empty_ = true;
  }

  void Close(char bracket) {
    --depth_;
    if (!empty_) BreakLine();
    out_ += bracket;
    empty_ = false;
  }

  void BeginElement(const std::string& key) {
    if (out_.size() >= kPieceBytes) Flush();
    if (!empty_) out_ += ',';
    empty_ = false;
    BreakLine();
    if (!key.empty()) absl::StrAppend(&out_, key, one_line_ ? ":" : ": ");
  }

  void BreakLine() {
    if (one_line_) return;
    out_ += '\n';
    out_.append(depth_, ' ');
  }

  void Flush() {
    failed_ = failed_ || !sink_(out_);
    out_.clear();
  }

  const bool one_line_;
  const TextSink& sink_;
  JsonOmissions& omitted_;
  std::string out_;          // not yet in sink_
  std::vector<Place> path_;  // to the value that is being written
  size_t depth_ = 0;         // of open brackets
  bool empty_ = true;        // the innermost of them
  bool failed_ = false;
};

}  // namespace

bool WriteJson(const Message& message, bool one_line, const TextSink& sink,
               JsonOmissions& omitted) {
  Writer writer(one_line, sink, omitted);
  writer.WriteMessage(message);
  return writer.End();
}

}  // namespace gather::client
