#ifndef GATHER_SERVER_BACKENDS_DATASET_H_
#define GATHER_SERVER_BACKENDS_DATASET_H_

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gather/dataset/v1/dataset.pb.h"
#include "gather/order/v1/order.pb.h"
#include "gather/product/v1/product.pb.h"
#include "gather/user/v1/user.pb.h"

// What the stand-in backends know: a file of hand-written users, any number of
// generated ones, or both. Where both have a user, the file's is the one.
//
//   absl::StatusOr<UserTable> users = LoadUsers("users.json", 1000);
//   if (!users.ok()) { ... one line names the file and the field ... }
//   absl::Status status = users->Answer(request, &response);
//
// A table never changes once it is made: any number of threads may ask it.
// Answer() checks the request as the protos say, InvalidArgument naming the
// field; it fills a response that has to be empty, and leaves it so on an
// error.

namespace gather::backends {

class UserTable {
 public:
  // Takes a dataset that passes CheckDataset, as LoadUsers does.
  UserTable(dataset::v1::UserDataset dataset, int64_t generated_users);

  // NotFound for a user that is neither in the file nor generated.
  absl::Status Answer(const user::v1::GetUserRequest& request,
                      user::v1::GetUserResponse* response) const;

 private:
  std::unordered_map<std::string, user::v1::User> users_;
  int64_t generated_users_;
};

class OrderTable {
 public:
  // Takes a dataset that passes CheckDataset, as LoadOrders does.
  OrderTable(dataset::v1::OrderDataset dataset, int64_t generated_users);

  // Newest first; an empty list for a user that is not known. A page token is
  // good only for the user that it was given to.
  absl::Status Answer(const order::v1::ListOrdersRequest& request,
                      order::v1::ListOrdersResponse* response) const;

 private:
  // Each list newest first.
  std::unordered_map<std::string, std::vector<order::v1::Order>> orders_;
  int64_t generated_users_;
};

class ProductTable {
 public:
  // Takes a dataset that passes CheckDataset, as LoadProducts does.
  ProductTable(dataset::v1::ProductDataset dataset, int64_t generated_users);

  // Sells GeneratedCatalogue(), all of which is popular.
  explicit ProductTable(int64_t generated_users);

  // What is recommended to the user, the best match first. What is popular for
  // a user that is not known or for whom the file recommends nothing.
  absl::Status Answer(
      const product::v1::ListRecommendedProductsRequest& request,
      product::v1::ListRecommendedProductsResponse* response) const;

  // The products of those ids, and the ids that there are none of.
  absl::Status Answer(const product::v1::BatchGetProductsRequest& request,
                      product::v1::BatchGetProductsResponse* response) const;

 private:
  void IndexCatalogue();
  // Positions in `catalogue_`.
  std::vector<int> RecommendedTo(const std::string& user_id) const;

  std::vector<product::v1::Product> catalogue_;
  std::unordered_map<std::string, int> positions_;  // in it, by id
  std::unordered_map<std::string, std::vector<int>> recommendations_;
  std::vector<int> popular_;
  int64_t generated_users_;
};

// Each reads the file at `path`, in protobuf's JSON form, and adds the users
// `user-1` to `user-<generated_users>`. An empty `path` stands for no file. A
// file that breaks what the protos promise yields one line with the file, the
// path of the field and what is wrong with it; a negative `generated_users` is
// InvalidArgument.
absl::StatusOr<UserTable> LoadUsers(const std::string& path,
                                    int64_t generated_users = 0);
absl::StatusOr<OrderTable> LoadOrders(const std::string& path,
                                      int64_t generated_users = 0);
absl::StatusOr<ProductTable> LoadProducts(const std::string& path,
                                          int64_t generated_users = 0);

}  // namespace gather::backends

#endif  // GATHER_SERVER_BACKENDS_DATASET_H_
