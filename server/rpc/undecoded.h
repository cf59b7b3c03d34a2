#ifndef GATHER_SERVER_RPC_UNDECODED_H_
#define GATHER_SERVER_RPC_UNDECODED_H_

#include <grpcpp/impl/serialization_traits.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include <string>

#include "google/protobuf/empty.pb.h"
#include "google/protobuf/unknown_field_set.h"

namespace gather::rpc {

// A message that is received without decoding it: its fields, as the bytes that
// they came in.
//
// Each costs some 64 bytes besides its own, so that 4 MB of empty ones would
// take 130 MB. What has more of them than one in 16 bytes, beyond the first
// 65,536, is refused as unreadable, before memory is spent on it: 4 MB take
// some 25 MB at most.
//
// Thread: any, one at a time.
class Undecoded {
 public:
  // As gRPC does with what it receives.
  static grpc::Status Receive(grpc::ByteBuffer* bytes, Undecoded* message);
  // The same of bytes in memory; false where they are unreadable.
  bool ParseFromString(const std::string& bytes);
  std::string SerializeAsString() const;

  google::protobuf::UnknownFieldSet& fields();
  const google::protobuf::UnknownFieldSet& fields() const;

 private:
  // Of no field of its own: Protobuf keeps all of them.
  google::protobuf::Empty message_;
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
