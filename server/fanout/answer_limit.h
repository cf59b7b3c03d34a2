#ifndef GATHER_SERVER_FANOUT_ANSWER_LIMIT_H_
#define GATHER_SERVER_FANOUT_ANSWER_LIMIT_H_

#include <cstddef>
#include <optional>
#include <span>

#include "gather/fanout/v1/fanout.pb.h"
#include "google/protobuf/message.h"
#include "server/fanout/reason.h"
#include "server/fanout/score.h"
#include "server/fanout/section_stats.h"
#include "server/rpc/spliced.h"

// A message that its receiver would refuse for its size is no answer: a client
// of gRPC takes 4 MB, unless it is told otherwise, and what it refuses is
// RESOURCE_EXHAUSTED to its caller and OK in the server's log.
namespace gather::fanout {

// A section that is in a unary answer already, and not yet told of: whether it
// stays is known once all are there.
struct Arrival {
  std::size_t place = 0;
  Landing landing;
  int field = 0;  // of the answer
  google::protobuf::Message* section = nullptr;
  v1::SectionStatus* (*status_of)(google::protobuf::Message*) = nullptr;
  SectionStats* stats = nullptr;
};

// Fails sections with Reason::kReplyTooLarge, and empties them, until `answer`
// is at most `max_bytes`, with what is still to be said of each section. The
// largest goes first, as that lets the most others stay; of two as large, the
// one that arrived later.
void FitAnswer(rpc::SplicedBase& answer, std::span<Arrival> arrivals,
               std::size_t max_bytes);

// The same of a section that has a message of its own: why it can't stay there.
std::optional<Failure> FitPart(const rpc::SplicedBase& part,
                               const Landing& landing, std::size_t max_bytes);

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_ANSWER_LIMIT_H_
