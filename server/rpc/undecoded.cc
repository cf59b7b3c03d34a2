#include "server/rpc/undecoded.h"

#include <grpcpp/support/proto_buffer_reader.h>

#include <cstddef>
#include <cstdint>
#include <limits>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/wire_format_lite.h"

namespace gather::rpc {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::ZeroCopyInputStream;

constexpr std::size_t kFreeFields = 65536;
constexpr std::size_t kBytesAField = 16;
constexpr std::size_t kLeastField = 2;  // a tag, and a length or a number

// Whether there are more fields than they may have memory for. What is wrong
// otherwise is the parser's to say.
bool HasTooManyFields(ZeroCopyInputStream* bytes, std::size_t size) {
  const std::size_t allowed = kFreeFields + size / kBytesAField;
  if (size / kLeastField <= allowed) return false;
  google::protobuf::io::CodedInputStream input(bytes);
  input.SetTotalBytesLimit(std::numeric_limits<int>::max());
  std::size_t fields = 0;
  while (const uint32_t tag = input.ReadTag()) {
    if (++fields > allowed) return true;
    const auto type = WireFormatLite::GetTagWireType(tag);
    // A group's fields are as much fields as those around it.
    if (type == WireFormatLite::WIRETYPE_START_GROUP ||
        type == WireFormatLite::WIRETYPE_END_GROUP) {
      continue;
    }
    if (!WireFormatLite::SkipField(&input, tag)) return false;
  }
  return false;
}

}  // namespace

grpc::Status Undecoded::Receive(grpc::ByteBuffer* bytes, Undecoded* message) {
  bool readable = false;
  grpc::ProtoBufferReader first(bytes);
  if (first.status().ok() && !HasTooManyFields(&first, bytes->Length())) {
    grpc::ProtoBufferReader second(bytes);
    readable = message->message_.ParseFromZeroCopyStream(&second);
  }
  bytes->Clear();
  return readable ? grpc::Status::OK
                  : grpc::Status(grpc::StatusCode::INTERNAL, "unreadable");
}

bool Undecoded::ParseFromString(const std::string& bytes) {
  google::protobuf::io::ArrayInputStream stream(bytes.data(),
                                                static_cast<int>(bytes.size()));
  return !HasTooManyFields(&stream, bytes.size()) &&
         message_.ParseFromString(bytes);
}

std::string Undecoded::SerializeAsString() const {
  return message_.SerializeAsString();
}

google::protobuf::UnknownFieldSet& Undecoded::fields() {
  return *message_.GetReflection()->MutableUnknownFields(&message_);
}

const google::protobuf::UnknownFieldSet& Undecoded::fields() const {
  return message_.GetReflection()->GetUnknownFields(message_);
}

}  // namespace gather::rpc
