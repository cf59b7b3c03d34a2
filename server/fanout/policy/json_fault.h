#ifndef GATHER_SERVER_FANOUT_POLICY_JSON_FAULT_H_
#define GATHER_SERVER_FANOUT_POLICY_JSON_FAULT_H_

#include <string>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/struct.pb.h"

namespace gather::fanout {

// Why an object is not the JSON form of a message: "defaults.retry.maxAttempts:
// not a whole number". Empty where it sees nothing wrong.
//
// Protobuf's own reader says what is wrong in other words in each version, in
// some without saying where, and some take "yes" for true. Knows the kinds of
// fields that a file of settings has: messages, maps to messages, durations,
// bool and int32.
std::string FindJsonFault(const google::protobuf::Struct& object,
                          const google::protobuf::Descriptor& message);

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_POLICY_JSON_FAULT_H_
