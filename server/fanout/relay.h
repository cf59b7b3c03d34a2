#ifndef GATHER_SERVER_FANOUT_RELAY_H_
#define GATHER_SERVER_FANOUT_RELAY_H_

#include <grpcpp/support/slice.h>

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "server/rpc/undecoded.h"
#include "server/rpc/wire_check.h"

// A payload that the aggregator has no use for goes from the backend to the
// caller as the bytes it came in: for a large answer, decoding it and encoding
// it again costs more than all else (decisions/0011-lists-are-relayed.md).
//
// A relayed reply is received as the slices that gRPC read it into
// (rpc/undecoded.h), and written as these behind the section's own fields
// (rpc/spliced.h), whose fields they are to whoever reads the answer. That asks
// for a section with the reply's field numbers, which CheckRelay() sees to, and
// for a look at what is not decoded: a broken payload must not break the
// answer.
namespace gather::fanout {

// The reply of a backend whose method returns `Message`, handed on unread.
template <typename Message>
class Relayed {
 public:
  // What it is received as.
  using Wire = rpc::Undecoded;

  Relayed() = default;  // empty
  explicit Relayed(Wire&& wire) : wire_(std::move(wire)) {}

  // The text in field `number` at the top of the message; empty where there is
  // none.
  std::string_view Text(int number) const;
  // The number in field `number` at the top; 0 where there is none.
  int64_t Number(int number) const;
  // How many items the repeated field `number` at the top has.
  int Count(int number) const;

  // All texts at the end of a path of fields, a number a level, in their order:
  // what else there is on the way is skipped, and nothing is decoded. Of a
  // reply that IsReadable(). They live as long as the reply does.
  //
  //   orders.Texts({ListOrdersResponse::kOrdersFieldNumber,
  //                 Order::kIdFieldNumber})
  std::vector<std::string_view> Texts(std::initializer_list<int> path) const;

  // As Message::MergeFrom() would have it of what was received.
  void Append(const Relayed& more) { wire_.Append(more.wire_); }

  const Wire& wire() const { return wire_; }

 private:
  Wire wire_;
};

template <typename Reply>
inline constexpr bool IsRelayed = false;
template <typename Message>
inline constexpr bool IsRelayed<Relayed<Message>> = true;

// What a reply is received as, and what message it is.
template <typename Reply>
struct ReplyTypes {
  using Wire = Reply;
  using Message = Reply;
};
template <typename M>
struct ReplyTypes<Relayed<M>> {
  using Wire = typename Relayed<M>::Wire;
  using Message = M;
};

// Which fields of a reply a section takes: those that it has, too, but its
// status.
class RelayedFields {
 public:
  RelayedFields(const google::protobuf::Descriptor& reply,
                const google::protobuf::Descriptor& section);

  bool Has(uint32_t number) const {
    return number < taken_.size() && taken_[number];
  }

 private:
  std::vector<bool> taken_;  // by number
};

// As Relayed's functions have it. A path is not empty.
std::string_view FindText(const rpc::Undecoded& reply, int number);
std::vector<std::string_view> FindTexts(const rpc::Undecoded& reply,
                                        std::span<const int> path);
int64_t FindNumber(const rpc::Undecoded& reply, int number);
int CountItems(const rpc::Undecoded& reply, int number);

// What a decoded message has set aside as unknown stays with it, on its way to
// a caller who may know it, but for groups: proto3 has none, and those of a
// hostile backend may be nested deeper than a caller can read, where the
// message stands a level deeper than it came.
void DiscardUnknownGroups(google::protobuf::Message* message);

// Those fields of a reply that are `taken`, and no others: a backend has a say
// in nothing else of its section.
std::vector<grpc::Slice> SlicesOf(const rpc::Undecoded& reply,
                                  const RelayedFields& taken);

// FAILED_PRECONDITION, naming the field, where a reply can't be relayed to a
// section: each field of the section, but its status, has to be the same on the
// wire in the reply.
absl::Status CheckRelay(const google::protobuf::Descriptor& reply,
                        const google::protobuf::Descriptor& section);

// Whether what was not decoded is what a reader of `Message` can read.
template <typename Message>
bool IsReadable(const Relayed<Message>& reply) {
  // Never destroyed: loops may outlive static objects. In an answer, the
  // reply's fields stand a level deeper than they came.
  static const auto& kCheck =
      *new rpc::WireCheck(*Message::descriptor(), /*levels_above=*/1);
  return kCheck.Accepts(reply.wire());
}

// What of the reply is to stand in the section.
template <typename Section, typename Message>
std::vector<grpc::Slice> FieldsFor(const Relayed<Message>& reply) {
  static const auto& kTaken =
      *new RelayedFields(*Message::descriptor(), *Section::descriptor());
  return SlicesOf(reply.wire(), kTaken);
}

template <typename Message>
std::string_view Relayed<Message>::Text(int number) const {
  return FindText(wire_, number);
}

template <typename Message>
std::vector<std::string_view> Relayed<Message>::Texts(
    std::initializer_list<int> path) const {
  return FindTexts(wire_, path);
}

template <typename Message>
int64_t Relayed<Message>::Number(int number) const {
  return FindNumber(wire_, number);
}

template <typename Message>
int Relayed<Message>::Count(int number) const {
  return CountItems(wire_, number);
}

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_RELAY_H_
