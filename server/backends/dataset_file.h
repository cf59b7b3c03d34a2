#ifndef GATHER_SERVER_BACKENDS_DATASET_FILE_H_
#define GATHER_SERVER_BACKENDS_DATASET_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace gather::backends {

// Fills `dataset` from a file in protobuf's JSON form. An error is one line
// that opens with `path` and, where the JSON reader knows it, goes on with the
// path of the field: "users.json: users[1].tier: invalid value ...".
absl::Status ReadDatasetFile(const std::string& path,
                             google::protobuf::Message* dataset);

// Folds what protobuf's JSON reader says into one printable line and writes
// its "(users[1]) nme: ..." as "users[1].nme: ...".
std::string FoldJsonError(absl::string_view message);

}  // namespace gather::backends

#endif  // GATHER_SERVER_BACKENDS_DATASET_FILE_H_
