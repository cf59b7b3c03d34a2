#ifndef GATHER_SERVER_RPC_UNDECODED_H_
#define GATHER_SERVER_RPC_UNDECODED_H_

#include <grpcpp/impl/serialization_traits.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>
#include <grpcpp/support/status.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <forward_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/functional/function_ref.h"

namespace gather::rpc {

// A message that is received without decoding it: the slices that gRPC read it
// into, and where in them its fields are. Copies share the slices.
//
// A field takes 24 bytes besides its own, so that 4 MB of empty ones would take
// 48 MB. What has more of them than one in 16 bytes, beyond the first 65,536,
// is refused as unreadable, before memory is spent on it: 4 MB take some 8 MB
// at most.
//
// What is at most kCopied bytes is copied out of the slices: such a reply would
// hold a whole read buffer of its connection for as long as it waits.
//
// Thread: any, one at a time; copies are independent.
class Undecoded {
 public:
  static constexpr std::size_t kCopied = 4096;

  // A field at the top of the message. Of a group nothing more is known than
  // that it is one: proto3 has none.
  struct Field {
    enum class Type : uint8_t { kNumber, kFixed, kBytes, kGroup };

    // Of kBytes: the content, which is in one piece.
    std::string_view bytes() const { return {data, size}; }

    union {
      uint64_t number;   // of kNumber
      const char* data;  // of kBytes
    };
    uint32_t size;   // of kBytes
    uint32_t begin;  // where it begins, in bytes from its message's begin
    uint32_t id : 29;
    Type type : 3;
  };

  // As gRPC does with what it receives.
  static grpc::Status Receive(grpc::ByteBuffer* bytes, Undecoded* message);
  // The same of bytes in memory; false where they are unreadable.
  bool ParseFromString(std::string_view bytes);
  std::string SerializeAsString() const;

  // Calls `visit(const Field&)` of each field, in order. What it is given of a
  // field's content lives as long as this message or a copy of it does.
  template <typename Visit>
  void ForEach(Visit&& visit) const {
    for (const auto& part : parts_) {
      for (const Field& field : part->fields) visit(field);
    }
  }
  // Whether `is(const Field&)` is true of every one.
  template <typename Is>
  bool AllOf(Is&& is) const {
    return std::all_of(parts_.begin(), parts_.end(), [&](const auto& part) {
      return std::all_of(part->fields.begin(), part->fields.end(), is);
    });
  }
  // The last field with that number and type; null for none.
  const Field* FindLast(uint32_t id, Field::Type type) const;

  // As protobuf's MergeFrom() would have it of what was received.
  void Append(const Undecoded& more) {
    parts_.insert(parts_.end(), more.parts_.begin(), more.parts_.end());
  }

  // The fields that `wanted` wants, as they came: slices of what was received.
  std::vector<grpc::Slice> SlicesOf(
      absl::FunctionRef<bool(const Field&)> wanted) const;

 private:
  // What came in one piece. Never changed once it is made.
  struct Part {
    std::vector<grpc::Slice> slices;
    std::size_t size = 0;
    std::vector<Field> fields;
    // The contents of fields that are in more than one slice.
    std::forward_list<std::string> joined;
  };
  class Reader;
  class Cutter;

  bool Read(std::unique_ptr<Part> part);

  absl::InlinedVector<std::shared_ptr<const Part>, 1> parts_;
};

}  // namespace gather::rpc

template <>
class grpc::SerializationTraits<gather::rpc::Undecoded, void> {
 public:
  static grpc::Status Deserialize(grpc::ByteBuffer* bytes,
                                  gather::rpc::Undecoded* message) {
    return gather::rpc::Undecoded::Receive(bytes, message);
  }
};

#endif  // GATHER_SERVER_RPC_UNDECODED_H_
