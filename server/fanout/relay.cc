#include "server/fanout/relay.h"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/unknown_field_set.h"
#include "google/protobuf/wire_format_lite.h"

namespace gather::fanout {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::UnknownField;
using google::protobuf::UnknownFieldSet;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;
using rpc::Undecoded;
using Field = Undecoded::Field;

namespace {

constexpr char kStatus[] = "status";

// The fields that are messages. Not by ListFields(), which looks at every field
// that is set.
std::vector<const FieldDescriptor*> MessagesSetIn(const Message& message) {
  const Descriptor& type = *message.GetDescriptor();
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> set;
  if (type.extension_range_count() > 0) {
    reflection.ListFields(message, &set);
    std::erase_if(set, [](const FieldDescriptor* field) {
      return field->message_type() == nullptr;
    });
    return set;
  }
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* const field = type.field(i);
    if (field->message_type() == nullptr) continue;
    const bool is_set = field->is_repeated()
                            ? reflection.FieldSize(message, field) > 0
                            : reflection.HasField(message, field);
    if (is_set) set.push_back(field);
  }
  return set;
}

// Adds the texts at the end of `path` in the bytes of a message.
void AddTexts(std::string_view message, std::span<const int> path,
              std::vector<std::string_view>& texts) {
  CodedInputStream in(reinterpret_cast<const uint8_t*>(message.data()),
                      static_cast<int>(message.size()));
  while (const uint32_t tag = in.ReadTag()) {
    if (tag != WireFormatLite::MakeTag(
                   path.front(), WireFormatLite::WIRETYPE_LENGTH_DELIMITED)) {
      if (!WireFormatLite::SkipField(&in, tag)) return;
      continue;
    }
    uint32_t length = 0;
    if (!in.ReadVarint32(&length)) return;
    const auto begin = static_cast<std::size_t>(in.CurrentPosition());
    if (!in.Skip(static_cast<int>(length))) return;
    const std::string_view content = message.substr(begin, length);
    if (path.size() == 1) {
      texts.push_back(content);
    } else {
      AddTexts(content, path.subspan(1), texts);
    }
  }
}

bool SameOnTheWire(const FieldDescriptor& one, const FieldDescriptor& other) {
  return one.type() == other.type() &&
         one.is_repeated() == other.is_repeated() &&
         one.message_type() == other.message_type() &&
         one.enum_type() == other.enum_type();
}

template <typename Wanted>
void Keep(UnknownFieldSet& fields, const Wanted& wanted) {
  int kept = 0;
  for (int i = 0; i < fields.field_count(); ++i) {
    if (!wanted(fields.field(i))) continue;
    if (kept != i)
      std::swap(*fields.mutable_field(kept), *fields.mutable_field(i));
    ++kept;
  }
  // All at once: one by one would take a hostile backend's time squared.
  fields.DeleteSubrange(kept, fields.field_count() - kept);
}

}  // namespace

RelayedFields::RelayedFields(const Descriptor& reply,
                             const Descriptor& section) {
  for (int i = 0; i < section.field_count(); ++i) {
    const FieldDescriptor& field = *section.field(i);
    if (field.name() == kStatus) continue;
    if (reply.FindFieldByNumber(field.number()) == nullptr) continue;
    const auto number = static_cast<std::size_t>(field.number());
    if (taken_.size() <= number) taken_.resize(number + 1);
    taken_[number] = true;
  }
}

std::string_view FindText(const Undecoded& reply, int number) {
  const Field* field =
      reply.FindLast(static_cast<uint32_t>(number), Field::Type::kBytes);
  return field == nullptr ? std::string_view() : field->bytes();
}

std::vector<std::string_view> FindTexts(const Undecoded& reply,
                                        std::span<const int> path) {
  const auto first = static_cast<uint32_t>(path.front());
  std::vector<std::string_view> texts;
  reply.ForEach([&](const Field& field) {
    if (field.id != first || field.type != Field::Type::kBytes) return;
    if (path.size() == 1) {
      texts.push_back(field.bytes());
    } else {
      AddTexts(field.bytes(), path.subspan(1), texts);
    }
  });
  return texts;
}

int64_t FindNumber(const Undecoded& reply, int number) {
  const Field* field =
      reply.FindLast(static_cast<uint32_t>(number), Field::Type::kNumber);
  return field == nullptr ? 0 : static_cast<int64_t>(field->number);
}

int CountItems(const Undecoded& reply, int number) {
  int count = 0;
  reply.ForEach([&](const Field& field) {
    if (field.id == static_cast<uint32_t>(number)) ++count;
  });
  return count;
}

void DiscardUnknownGroups(Message* message) {
  const Reflection& reflection = *message->GetReflection();
  if (!reflection.GetUnknownFields(*message).empty()) {
    UnknownFieldSet& unknown = *reflection.MutableUnknownFields(message);
    Keep(unknown, [](const UnknownField& field) {
      return field.type() != UnknownField::TYPE_GROUP;
    });
  }
  for (const FieldDescriptor* field : MessagesSetIn(*message)) {
    if (!field->is_repeated()) {
      DiscardUnknownGroups(reflection.MutableMessage(message, field));
      continue;
    }
    const int size = reflection.FieldSize(*message, field);
    for (int i = 0; i < size; ++i) {
      DiscardUnknownGroups(
          reflection.MutableRepeatedMessage(message, field, i));
    }
  }
}

std::vector<grpc::Slice> SlicesOf(const Undecoded& reply,
                                  const RelayedFields& taken) {
  return reply.SlicesOf([&taken](const Field& field) {
    // Proto3 has no groups.
    return field.type != Field::Type::kGroup && taken.Has(field.id);
  });
}

absl::Status CheckRelay(const Descriptor& reply, const Descriptor& section) {
  for (int i = 0; i < section.field_count(); ++i) {
    const FieldDescriptor& field = *section.field(i);
    if (field.name() == kStatus) continue;
    const FieldDescriptor* source = reply.FindFieldByNumber(field.number());
    if (source == nullptr || !SameOnTheWire(field, *source)) {
      return absl::FailedPreconditionError(absl::StrCat(
          field.full_name(), ": can't be relayed, since field ", field.number(),
          " of ", reply.full_name(), " is not the same"));
    }
  }
  return absl::OkStatus();
}

}  // namespace gather::fanout
