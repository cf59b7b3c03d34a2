#ifndef GATHER_SERVER_BACKENDS_GENERATED_H_
#define GATHER_SERVER_BACKENDS_GENERATED_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "gather/order/v1/order.pb.h"
#include "gather/product/v1/product.pb.h"
#include "gather/user/v1/user.pb.h"

// Users `user-1`, `user-2`, ... for load tests, made when they are asked for.
// Everything follows from the index alone, so that three backends agree on a
// user without talking, and a million users take no memory.

namespace gather::backends {

// The index N of an id `user-N` with N from 1 to `generated_users`, spelled the
// one way that counts: `user-007` is nobody.
std::optional<int64_t> GeneratedUserIndex(absl::string_view user_id,
                                          int64_t generated_users);

user::v1::User GenerateUser(int64_t index);

// 3 to 5 orders of 1 to 3 products each, newest first. The products are those
// of GeneratedCatalogue().
std::vector<order::v1::Order> GenerateOrders(int64_t index);

// What there is to buy where no file says so: a part of the catalogue in
// deploy/data/products.json, so that generated orders fit to that one, too.
const std::vector<product::v1::Product>& GeneratedCatalogue();

// Positions in a catalogue of `catalogue_size` products, each at most once:
// 5 to 8 of them, or all where there are fewer.
std::vector<int> GenerateRecommendation(int64_t index, int catalogue_size);

}  // namespace gather::backends

#endif  // GATHER_SERVER_BACKENDS_GENERATED_H_
