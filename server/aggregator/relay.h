#ifndef GATHER_SERVER_AGGREGATOR_RELAY_H_
#define GATHER_SERVER_AGGREGATOR_RELAY_H_

#include "gather/relay/v1/list_reply.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "server/rpc/wire_check.h"

// A payload that the aggregator has no use for goes from the backend to the
// caller as the bytes it came in: for a large answer, decoding it and encoding
// it again costs more than all else (decisions/0011-lists-are-relayed.md).
//
// Protobuf itself keeps what a message does not know, and writes it out again.
// ListReply knows whom the reply is for and nothing else; put into a section,
// its unknown fields are the section's own fields to whoever reads the answer.
// That asks for a section with the reply's field numbers (sources_test), and
// for a look at what is not decoded: a broken payload must not break the
// answer.
namespace gather::aggregator {

using relay::v1::ListReply;

// Whether what `reply` holds unread is what a reader of `Whole` can read.
template <typename Whole>
bool IsReadable(const ListReply& reply) {
  // Never destroyed: loops may outlive static objects. In an answer, the list
  // stands a level deeper than in the reply.
  static const auto& kCheck =
      *new rpc::WireCheck(*Whole::descriptor(), /*levels_above=*/1);
  return kCheck.Accepts(reply.GetReflection()->GetUnknownFields(reply));
}

// Moves the fields of a `whole` that ListReply does not know to `section`, and
// no others: a backend has a say in nothing else of the section.
void Relay(ListReply&& reply, const google::protobuf::Descriptor& whole,
           google::protobuf::Message* section);

}  // namespace gather::aggregator

#endif  // GATHER_SERVER_AGGREGATOR_RELAY_H_
