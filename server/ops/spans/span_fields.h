#ifndef GATHER_SERVER_OPS_SPANS_SPAN_FIELDS_H_
#define GATHER_SERVER_OPS_SPANS_SPAN_FIELDS_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "google/protobuf/io/coded_stream.h"
#include "server/rpc/span.h"

// How span_encoder.h writes. Thread: any.
namespace gather::ops {

// Of a field of so many bytes, its tag and length included.
inline std::size_t SizeOfBytes(std::size_t length) {
  using google::protobuf::io::CodedOutputStream;
  return 1 + CodedOutputStream::VarintSize32(static_cast<uint32_t>(length)) +
         length;
}

// Types of fields: https://protobuf.dev/programming-guides/encoding.
inline constexpr uint32_t kVarint = 0;
inline constexpr uint32_t kFixed64 = 1;
inline constexpr uint32_t kBytes = 2;

// Writes fields, one after the other, into memory that is there.
class FieldWriter {
 public:
  explicit FieldWriter(uint8_t* to) : to_(to) {}

  void Varint(int field, uint64_t value) {
    Tag(field, kVarint);
    to_ = Out::WriteVarint64ToArray(value, to_);
  }
  void Fixed64(int field, uint64_t value) {
    Tag(field, kFixed64);
    to_ = Out::WriteLittleEndian64ToArray(value, to_);
  }
  // The header of a string, of bytes or of a message, which is to follow.
  void Length(int field, std::size_t length) {
    Tag(field, kBytes);
    to_ = Out::WriteVarint32ToArray(static_cast<uint32_t>(length), to_);
  }
  void Bytes(int field, const void* bytes, std::size_t length) {
    Length(field, length);
    if (length == 0) return;  // `bytes` may be null then
    to_ = Out::WriteRawToArray(bytes, static_cast<int>(length), to_);
  }
  // A field of eight bytes, the lowest first.
  void EightBytes(int field, uint64_t bytes) {
    Length(field, sizeof(bytes));
    to_ = Out::WriteLittleEndian64ToArray(bytes, to_);
  }
  void Text(int field, std::string_view text) {
    Bytes(field, text.data(), text.size());
  }
  // Fields that are encoded already.
  void Raw(std::string_view fields) {
    if (fields.empty()) return;
    to_ = Out::WriteRawToArray(fields.data(), static_cast<int>(fields.size()),
                               to_);
  }

  uint8_t* end() const { return to_; }

 private:
  using Out = google::protobuf::io::CodedOutputStream;

  // All fields here are below 16: a byte each.
  void Tag(int field, uint32_t type) {
    *to_++ = static_cast<uint8_t>(static_cast<uint32_t>(field) << 3 | type);
  }

  uint8_t* to_;
};

// Fields `name` and `kind` of opentelemetry.proto.trace.v1.Span, and what they
// take at most.
void WriteName(std::string_view name, rpc::Span::Kind kind,
               FieldWriter& writer);
std::size_t MostBytesOfName(std::string_view name);

// A field `attributes` of opentelemetry.proto.trace.v1.Span, and what it takes
// at most.
void WriteAttribute(const rpc::SpanAttribute& attribute, FieldWriter& writer);
std::size_t MostBytesOf(const rpc::SpanAttribute& attribute);

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_SPANS_SPAN_FIELDS_H_
