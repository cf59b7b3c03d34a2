#ifndef GATHER_CLIENT_UNKNOWN_SECTION_H_
#define GATHER_CLIENT_UNKNOWN_SECTION_H_

#include <string>
#include <vector>

#include "gather/fanout/v1/fanout.pb.h"
#include "google/protobuf/message.h"

namespace gather::client {

// A section that the server has and this program's protos have not: the server
// is newer. Its payload can't be read, but how it came out can.
struct UnknownSection {
  std::string name;  // "section 7 (unknown to this gatherctl)"
  fanout::v1::SectionStatus status;
};

// Finds them among the unknown fields of an answer, or of a part of a stream,
// by field number. A section is told from any other new field by its field 1:
// that must read as a SectionStatus whose values go together.
std::vector<UnknownSection> FindUnknownSections(
    const google::protobuf::Message& answer);

}  // namespace gather::client

#endif  // GATHER_CLIENT_UNKNOWN_SECTION_H_
