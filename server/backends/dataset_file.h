#ifndef GATHER_SERVER_BACKENDS_DATASET_FILE_H_
#define GATHER_SERVER_BACKENDS_DATASET_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace gather::backends {

// Fills `dataset` from a file in protobuf's JSON form. An error is one line
// that opens with `path` and, where the JSON reader knows it, goes on with the
// path of the field: "users.json: users[1].tier: invalid value ...".
absl::Status ReadDatasetFile(const std::string& path,
                             google::protobuf::Message* dataset);

// What protobuf's JSON reader says, in one line, with its
// "(users[1]) nme: ..." as "users[1].nme: ...".
std::string FieldFirst(const std::string& line);

}  // namespace gather::backends

#endif  // GATHER_SERVER_BACKENDS_DATASET_FILE_H_
