#ifndef GATHER_CLIENT_ANSWER_H_
#define GATHER_CLIENT_ANSWER_H_

#include <optional>
#include <string>
#include <vector>

#include "gather/fanout/v1/fanout.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace gather::client {

// Reads the answer of an aggregator by its descriptor, whichever sections it
// has. A section is a singular field whose message has a SectionStatus in its
// field `status`. It is found the same way in a whole answer and in a part of a
// stream.
//
//   message GetOverviewResponse {
//     UserSection user = 1;      // a section: UserSection has a `status`
//     bool complete = 4;         // IsComplete
//     FanOutTiming timing = 5;   // TimingOf
//   }

// The sections that an answer of this type may have, in the order of its
// fields.
std::vector<const google::protobuf::FieldDescriptor*> SectionFields(
    const google::protobuf::Descriptor& answer);

// Their names.
std::vector<std::string> SectionNames(
    const google::protobuf::Descriptor& answer);

// The status of `section`, which is the message of a section's field.
fanout::v1::SectionStatus StatusOf(const google::protobuf::Message& section);

// The value of the field `complete`; false where there is none.
bool IsComplete(const google::protobuf::Message& answer);

// The FanOutTiming of a whole answer.
std::optional<fanout::v1::FanOutTiming> TimingOf(
    const google::protobuf::Message& answer);

// The FanOutSummary that ends a stream, where `part` holds it.
std::optional<fanout::v1::FanOutSummary> FanOutSummaryOf(
    const google::protobuf::Message& part);

}  // namespace gather::client

#endif  // GATHER_CLIENT_ANSWER_H_
