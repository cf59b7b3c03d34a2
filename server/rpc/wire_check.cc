#include "server/rpc/wire_check.h"

#include <cstddef>
#include <cstring>
#include <limits>
#include <memory>
#include <string>

#include "google/protobuf/wire_format_lite.h"

namespace gather::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;

// As deep as Protobuf's own parsers go by default.
constexpr int kMaxDepth = 100;
// As many bytes as its parsers read of a tag or a length.
constexpr std::ptrdiff_t kMaxShortBytes = 5;

// Most text is, and short: a word at a time is quicker than a call that is made
// for all of UTF-8.
bool IsAscii(std::string_view text) {
  constexpr uint64_t kHighBits = 0x8080808080808080;
  uint64_t word = 0;
  uint64_t seen = 0;
  while (text.size() >= sizeof(word)) {
    std::memcpy(&word, text.data(), sizeof(word));
    seen |= word;
    text.remove_prefix(sizeof(word));
  }
  for (const char c : text) seen |= static_cast<uint8_t>(c);
  return (seen & kHighBits) == 0;
}

}  // namespace

WireCheck::WireCheck(const Descriptor& message, int levels_above)
    : depth_(kMaxDepth - levels_above), root_(ShapeOf(message)) {}
WireCheck::~WireCheck() = default;

WireCheck::Content WireCheck::ContentOf(const FieldDescriptor& field) {
  switch (field.type()) {
    case FieldDescriptor::TYPE_MESSAGE:
      switch (TimeKindOf(*field.message_type())) {
        case TimeKind::kTimestamp:
          return Content::kTimestamp;
        case TimeKind::kDuration:
          return Content::kDuration;
        case TimeKind::kNone:
          return Content::kMessage;
      }
      break;
    case FieldDescriptor::TYPE_STRING:
      return Content::kText;
    case FieldDescriptor::TYPE_BYTES:
    case FieldDescriptor::TYPE_GROUP:
      return Content::kBytes;
    default:
      break;
  }
  // A number alone has no length: what has one is an unknown field.
  if (!field.is_repeated()) return Content::kBytes;
  switch (field.type()) {
    case FieldDescriptor::TYPE_FIXED32:
    case FieldDescriptor::TYPE_SFIXED32:
    case FieldDescriptor::TYPE_FLOAT:
      return Content::kFixed32s;
    case FieldDescriptor::TYPE_FIXED64:
    case FieldDescriptor::TYPE_SFIXED64:
    case FieldDescriptor::TYPE_DOUBLE:
      return Content::kFixed64s;
    default:
      return Content::kVarints;
  }
}

const WireCheck::Shape* WireCheck::ShapeOf(const Descriptor& message) {
  const auto [place, is_new] = shapes_.try_emplace(&message, nullptr);
  if (!is_new) return place->second.get();
  // In place before its fields are looked at: a message may hold its like.
  Shape& shape = *(place->second = std::make_unique<Shape>());
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& descriptor = *message.field(i);
    Field field{.content = ContentOf(descriptor)};
    if (field.content == Content::kMessage) {
      field.message = ShapeOf(*descriptor.message_type());
    }
    const auto number = static_cast<uint32_t>(descriptor.number());
    (number < shape.low.size() ? shape.low[number] : shape.high[number]) =
        field;
  }
  return &shape;
}

inline const WireCheck::Field& WireCheck::Shape::Find(uint32_t number) const {
  static constexpr Field kUnknown;
  if (number < low.size()) return low[number];
  const auto found = high.find(number);
  return found == high.end() ? kUnknown : found->second;
}

bool WireCheck::Accepts(std::string_view message) const {
  return IsMessage(*root_, {message.data(), message.data() + message.size()},
                   depth_);
}

bool WireCheck::Accepts(const Undecoded& message) const {
  return message.AllOf([this](const Undecoded::Field& field) {
    return field.type != Undecoded::Field::Type::kBytes ||
           IsContent(root_->Find(field.id),
                     {field.data, field.data + field.size}, depth_);
  });
}

inline bool WireCheck::ReadVarint(Bytes& in, uint64_t* value) {
  // Most are one byte: tags, lengths, small numbers.
  if (in.at < in.end && static_cast<uint8_t>(*in.at) < 0x80) {
    *value = static_cast<uint8_t>(*in.at++);
    return true;
  }
  return ReadLongVarint(in, value);
}

bool WireCheck::ReadLongVarint(Bytes& in, uint64_t* value) {
  *value = 0;
  for (int shift = 0; shift < 70 && in.at < in.end; shift += 7) {
    const auto byte = static_cast<uint8_t>(*in.at++);
    *value |= uint64_t{byte & 0x7FU} << shift;
    // The tenth byte has room for one bit: not every parser forgives more.
    if (byte < 0x80) return shift < 63 || byte <= 1;
  }
  return false;
}

inline bool WireCheck::ReadShortVarint(Bytes& in, uint32_t* value) {
  const char* const begin = in.at;
  uint64_t wide = 0;
  if (!ReadVarint(in, &wide) || in.at - begin > kMaxShortBytes ||
      wide > std::numeric_limits<uint32_t>::max()) {
    return false;
  }
  *value = static_cast<uint32_t>(wide);
  return true;
}

inline bool WireCheck::Skip(Bytes& in, std::size_t length) {
  if (static_cast<std::size_t>(in.end - in.at) < length) return false;
  in.at += length;
  return true;
}

// Whether a field comes next that has one byte for its tag and one for its
// number, or for its length, and is there as a whole.
inline bool WireCheck::IsShort(const Bytes& in) {
  const std::ptrdiff_t left = in.end - in.at;
  if (left < 2) return false;
  const auto tag = static_cast<uint8_t>(in.at[0]);
  const auto second = static_cast<uint8_t>(in.at[1]);
  if ((tag | second) >= 0x80 || tag >> 3 == 0) return false;
  return (tag & 7) == WireFormatLite::WIRETYPE_VARINT ||
         ((tag & 7) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED &&
          second <= left - 2);
}

bool WireCheck::IsMessage(const Shape& shape, Bytes in, int depth) {
  while (in.at < in.end) {
    uint32_t tag = 0;
    if (IsShort(in)) {
      // The same in a fraction of the time: nearly all fields are such.
      tag = static_cast<uint8_t>(in.at[0]);
      const auto second = static_cast<uint8_t>(in.at[1]);
      in.at += 2;
      if ((tag & 7) == WireFormatLite::WIRETYPE_VARINT) continue;
      const char* const begin = in.at;
      in.at += second;
      if (!IsContent(shape.low[tag >> 3], {begin, in.at}, depth)) return false;
    } else if (!ReadShortVarint(in, &tag) || !IsField(shape, tag, in, depth)) {
      return false;
    }
  }
  return true;
}

// With `tag` read, and the rest of the field at `in`, which moves behind it.
bool WireCheck::IsField(const Shape& shape, uint32_t tag, Bytes& in,
                        int depth) {
  const uint32_t number = tag >> 3;
  if (number == 0) return false;
  uint64_t value = 0;
  uint32_t length = 0;
  switch (tag & 7) {
    case WireFormatLite::WIRETYPE_VARINT:
      return ReadVarint(in, &value);
    case WireFormatLite::WIRETYPE_FIXED64:
      return Skip(in, 8);
    case WireFormatLite::WIRETYPE_FIXED32:
      return Skip(in, 4);
    case WireFormatLite::WIRETYPE_START_GROUP:
      return IsGroup(number, in, depth - 1);
    case WireFormatLite::WIRETYPE_LENGTH_DELIMITED: {
      // Parsers have it in a signed number.
      if (!ReadShortVarint(in, &length) ||
          length > std::numeric_limits<int32_t>::max()) {
        return false;
      }
      const char* const begin = in.at;
      return Skip(in, length) &&
             IsContent(shape.Find(number), {begin, in.at}, depth);
    }
    default:
      return false;
  }
}

// Where a field comes more than once, the last counts.
bool WireCheck::IsTime(TimeKind kind, Bytes in, int depth) {
  static const Shape kUnknown;
  constexpr uint32_t kSeconds = 1 << 3 | WireFormatLite::WIRETYPE_VARINT;
  constexpr uint32_t kNanos = 2 << 3 | WireFormatLite::WIRETYPE_VARINT;
  uint64_t seconds = 0;
  uint64_t nanos = 0;
  while (in.at < in.end) {
    uint32_t tag = 0;
    if (!ReadShortVarint(in, &tag)) return false;
    const bool read = tag == kSeconds ? ReadVarint(in, &seconds)
                      : tag == kNanos ? ReadVarint(in, &nanos)
                                      : IsField(kUnknown, tag, in, depth);
    if (!read) return false;
  }
  return IsInRange(kind, static_cast<int64_t>(seconds),
                   static_cast<int32_t>(nanos));
}

// Proto3 has none: whatever is in it, up to its end, is unknown.
bool WireCheck::IsGroup(uint32_t number, Bytes& in, int depth) {
  static const Shape kUnknown;
  if (depth < 0) return false;
  const uint32_t end = number << 3 | WireFormatLite::WIRETYPE_END_GROUP;
  uint32_t tag = 0;
  while (ReadShortVarint(in, &tag)) {
    if (tag == end) return true;
    if (!IsField(kUnknown, tag, in, depth)) return false;
  }
  return false;
}

bool WireCheck::IsContent(const Field& field, Bytes in, int depth) {
  const std::ptrdiff_t length = in.end - in.at;
  switch (field.content) {
    case Content::kBytes:
      return true;
    case Content::kText:
      return IsAscii({in.at, static_cast<std::size_t>(length)}) ||
             WireFormatLite::VerifyUtf8String(in.at, static_cast<int>(length),
                                              WireFormatLite::PARSE,
                                              "of a reply");
    case Content::kMessage:
      return depth > 0 && IsMessage(*field.message, in, depth - 1);
    case Content::kTimestamp:
      return depth > 0 && IsTime(TimeKind::kTimestamp, in, depth - 1);
    case Content::kDuration:
      return depth > 0 && IsTime(TimeKind::kDuration, in, depth - 1);
    case Content::kVarints:
      return AreVarints(in);
    case Content::kFixed32s:
      return length % 4 == 0;
    case Content::kFixed64s:
      return length % 8 == 0;
  }
  return false;
}

bool WireCheck::AreVarints(Bytes in) {
  uint64_t value = 0;
  while (in.at < in.end) {
    if (!ReadVarint(in, &value)) return false;
  }
  return true;
}

}  // namespace gather::rpc
