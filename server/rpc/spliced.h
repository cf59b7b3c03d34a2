#ifndef GATHER_SERVER_RPC_SPLICED_H_
#define GATHER_SERVER_RPC_SPLICED_H_

#include <grpcpp/impl/serialization_traits.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>
#include <grpcpp/support/status.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "google/protobuf/message.h"

namespace gather::rpc {

// What Spliced<> is, whatever its message.
//
// Thread: any, one at a time.
class SplicedBase {
 public:
  // Field `number` of the message, a message itself that comes once, is written
  // with these fields behind its own: the bytes of whole fields, which are not
  // looked at. Takes the place of what was spliced into it before.
  void Splice(int number, std::vector<grpc::Slice> fields);
  // Empties it, of its own fields, too.
  void Clear(int number);

  // In bytes, as it is written: of all, to within 4 for each field that is
  // spliced into, and of what is in field `number`.
  std::size_t Size() const;
  std::size_t SizeOf(int number) const;

  // What it is on the wire. Slices of kCopied bytes or more are not copied.
  grpc::ByteBuffer Serialize() const;
  std::string SerializeAsString() const;

 protected:
  SplicedBase() = default;
  SplicedBase(SplicedBase&&) = default;
  SplicedBase& operator=(SplicedBase&&) = default;
  ~SplicedBase() = default;

 private:
  static constexpr std::size_t kCopied = 4096;

  struct Splices {
    int number = 0;
    std::vector<grpc::Slice> fields;
    std::size_t size = 0;
  };
  class Writer;

  virtual const google::protobuf::Message& base() const = 0;
  virtual google::protobuf::Message& base() = 0;
  const Splices* Find(int number) const;

  absl::InlinedVector<Splices, 4> splices_;
};

// A message to be sent, some of whose parts are bytes that were received and
// are handed on as they came: they are never copied, where they are many.
//
//   rpc::Spliced<v1::GetOverviewResponse> answer;
//   answer.message().mutable_orders()->mutable_status()->set_state(...);
//   answer.Splice(v1::GetOverviewResponse::kOrdersFieldNumber, slices);
template <typename M>
class Spliced final : public SplicedBase {
 public:
  M& message() { return message_; }
  const M& message() const { return message_; }

 private:
  const google::protobuf::Message& base() const override { return message_; }
  google::protobuf::Message& base() override { return message_; }

  M message_;
};

}  // namespace gather::rpc

template <typename M>
class grpc::SerializationTraits<gather::rpc::Spliced<M>, void> {
 public:
  static grpc::Status Serialize(const gather::rpc::Spliced<M>& message,
                                grpc::ByteBuffer* bytes, bool* own_buffer) {
    *bytes = message.Serialize();
    *own_buffer = true;
    return grpc::Status::OK;
  }
};

#endif  // GATHER_SERVER_RPC_SPLICED_H_
