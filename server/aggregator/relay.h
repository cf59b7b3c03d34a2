#ifndef GATHER_SERVER_AGGREGATOR_RELAY_H_
#define GATHER_SERVER_AGGREGATOR_RELAY_H_

#include "gather/relay/v1/list_reply.pb.h"
#include "google/protobuf/message.h"
#include "server/rpc/wire_check.h"

// A payload that the aggregator has no use for goes from the backend to the
// caller as the bytes it came in: decoding it and encoding it again is most of
// what a large answer costs (tests/bench/RESULTS.md).
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
  static const rpc::WireCheck kCheck(*Whole::descriptor());
  return kCheck.Accepts(reply.GetReflection()->GetUnknownFields(reply));
}

// Moves to `section` what it has a field for, but for the one with the number
// `status`: that is no backend's to set.
void Relay(ListReply&& reply, int status, google::protobuf::Message* section);

}  // namespace gather::aggregator

#endif  // GATHER_SERVER_AGGREGATOR_RELAY_H_
