#ifndef GATHER_SERVER_BACKENDS_DATASET_CHECK_H_
#define GATHER_SERVER_BACKENDS_DATASET_CHECK_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gather/dataset/v1/dataset.pb.h"

namespace gather::backends {

// Whether `id` is 1 to 64 characters from [A-Za-z0-9._-].
bool IsId(absl::string_view id);

// Each checks that a dataset keeps what the comments in the protos promise:
// REQUIRED fields, ids that are well formed and given once, ranges, totals that
// are sums, references that lead somewhere. The first breach is InvalidArgument
// with one line that opens with the path of the field:
// "orders[3].line_items[0].quantity: 0 is less than 1".
absl::Status CheckDataset(const dataset::v1::UserDataset& dataset);
absl::Status CheckDataset(const dataset::v1::OrderDataset& dataset);
absl::Status CheckDataset(const dataset::v1::ProductDataset& dataset);

}  // namespace gather::backends

#endif  // GATHER_SERVER_BACKENDS_DATASET_CHECK_H_
