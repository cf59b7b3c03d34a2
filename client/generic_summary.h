#ifndef GATHER_CLIENT_GENERIC_SUMMARY_H_
#define GATHER_CLIENT_GENERIC_SUMMARY_H_

#include <string>

#include "google/protobuf/message.h"

namespace gather::client {

// What a section holds, in a few words, by its descriptor:
//
//   "12 reviews", "4 of 12 orders"   one list, and its `total_size` if there is
//                                    one; the noun is the name of the list
//   "Ada Lovelace, London"           one message: its first texts
//   "ok"                             anything else
//
// Backend text is in it as it came: escape before printing.
std::string GenericSummary(const google::protobuf::Message& section);

}  // namespace gather::client

#endif  // GATHER_CLIENT_GENERIC_SUMMARY_H_
