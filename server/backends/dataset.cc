#include "server/backends/dataset.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/repeated_field.h"
#include "google/protobuf/timestamp.pb.h"
#include "server/backends/dataset_check.h"
#include "server/backends/dataset_file.h"
#include "server/backends/generated.h"

namespace gather::backends {
namespace {

using dataset::v1::OrderDataset;
using dataset::v1::ProductDataset;
using dataset::v1::UserDataset;
using order::v1::Order;

constexpr int kDefaultPageSize = 10;
constexpr int kMaxPageSize = 100;
constexpr int kMaxIds = 100;

absl::Status CheckUserId(const std::string& user_id) {
  if (IsId(user_id)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "user_id: must be 1 to 64 characters from [A-Za-z0-9._-]");
}

absl::StatusOr<std::size_t> PageSize(int32_t requested) {
  if (requested < 0 || requested > kMaxPageSize) {
    return absl::InvalidArgumentError(
        absl::StrCat("page_size: must be from 0 to ", kMaxPageSize));
  }
  return requested == 0 ? kDefaultPageSize : requested;
}

// The dataset of an empty `path` is empty.
template <typename Dataset>
absl::StatusOr<Dataset> Load(const std::string& path, int64_t generated_users) {
  if (generated_users < 0) {
    return absl::InvalidArgumentError("generated_users: must not be negative");
  }
  Dataset dataset;
  if (path.empty()) return dataset;
  if (absl::Status status = ReadDatasetFile(path, &dataset); !status.ok()) {
    return status;
  }
  if (absl::Status status = CheckDataset(dataset); !status.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": ", status.message()));
  }
  return dataset;
}

// The token of a page is the id of its first order: it keeps its meaning when
// orders are added, and one user's tokens are of no use for another.
absl::StatusOr<std::size_t> PageStart(const std::vector<Order>& orders,
                                      const std::string& token) {
  if (token.empty()) return 0;
  const auto first =
      std::find_if(orders.begin(), orders.end(),
                   [&](const Order& order) { return order.id() == token; });
  if (first == orders.end()) {
    return absl::InvalidArgumentError(
        "page_token: not a token from an earlier page of this user");
  }
  return first - orders.begin();
}

bool IsNewer(const Order& a, const Order& b) {
  const auto key = [](const Order& order) {
    return std::make_tuple(order.create_time().seconds(),
                           order.create_time().nanos());
  };
  return key(a) > key(b);
}

}  // namespace

UserTable::UserTable(UserDataset dataset, int64_t generated_users)
    : generated_users_(generated_users) {
  for (user::v1::User& user : *dataset.mutable_users()) {
    std::string id = user.id();
    users_.emplace(std::move(id), std::move(user));
  }
}

absl::Status UserTable::Answer(const user::v1::GetUserRequest& request,
                               user::v1::GetUserResponse* response) const {
  const std::string& id = request.user_id();
  if (absl::Status status = CheckUserId(id); !status.ok()) return status;
  if (const auto it = users_.find(id); it != users_.end()) {
    *response->mutable_user() = it->second;
    return absl::OkStatus();
  }
  if (const auto index = GeneratedUserIndex(id, generated_users_)) {
    *response->mutable_user() = GenerateUser(*index);
    return absl::OkStatus();
  }
  return absl::NotFoundError(absl::StrCat("there is no user \"", id, "\""));
}

OrderTable::OrderTable(OrderDataset dataset, int64_t generated_users)
    : generated_users_(generated_users) {
  for (Order& order : *dataset.mutable_orders()) {
    std::vector<Order>& orders = orders_[order.user_id()];
    orders.push_back(std::move(order));
  }
  for (auto& [user_id, orders] : orders_) {
    std::stable_sort(orders.begin(), orders.end(), IsNewer);
  }
}

absl::Status OrderTable::Answer(const order::v1::ListOrdersRequest& request,
                                order::v1::ListOrdersResponse* response) const {
  const std::string& user_id = request.user_id();
  if (absl::Status status = CheckUserId(user_id); !status.ok()) return status;
  const absl::StatusOr<std::size_t> page_size = PageSize(request.page_size());
  if (!page_size.ok()) return page_size.status();

  std::vector<Order> generated;
  const std::vector<Order>* orders = &generated;
  if (const auto it = orders_.find(user_id); it != orders_.end()) {
    orders = &it->second;
  } else if (const auto index = GeneratedUserIndex(user_id, generated_users_)) {
    generated = GenerateOrders(*index);
  }
  const absl::StatusOr<std::size_t> start =
      PageStart(*orders, request.page_token());
  if (!start.ok()) return start.status();

  const std::size_t end = std::min(*start + *page_size, orders->size());
  response->set_user_id(user_id);
  for (std::size_t i = *start; i < end; ++i) {
    *response->add_orders() = (*orders)[i];
  }
  if (end < orders->size()) {
    response->set_next_page_token((*orders)[end].id());
  }
  response->set_total_size(static_cast<int32_t>(orders->size()));
  return absl::OkStatus();
}

ProductTable::ProductTable(ProductDataset dataset, int64_t generated_users)
    : generated_users_(generated_users) {
  for (product::v1::Product& product : *dataset.mutable_products()) {
    catalogue_.push_back(std::move(product));
  }
  IndexCatalogue();
  const auto find =
      [&](const google::protobuf::RepeatedPtrField<std::string>& ids) {
        std::vector<int> found;
        for (const std::string& id : ids) found.push_back(positions_.at(id));
        return found;
      };
  for (const auto& recommendation : dataset.recommendations()) {
    if (recommendation.product_ids().empty()) continue;
    recommendations_.emplace(recommendation.user_id(),
                             find(recommendation.product_ids()));
  }
  popular_ = find(dataset.popular_product_ids());
}

ProductTable::ProductTable(int64_t generated_users)
    : catalogue_(GeneratedCatalogue()), generated_users_(generated_users) {
  IndexCatalogue();
  for (std::size_t i = 0; i < catalogue_.size(); ++i) {
    popular_.push_back(static_cast<int>(i));
  }
}

void ProductTable::IndexCatalogue() {
  for (std::size_t i = 0; i < catalogue_.size(); ++i) {
    positions_.emplace(catalogue_[i].id(), static_cast<int>(i));
  }
}

std::vector<int> ProductTable::RecommendedTo(const std::string& user_id) const {
  if (const auto it = recommendations_.find(user_id);
      it != recommendations_.end()) {
    return it->second;
  }
  if (const auto index = GeneratedUserIndex(user_id, generated_users_)) {
    return GenerateRecommendation(*index, static_cast<int>(catalogue_.size()));
  }
  return popular_;
}

absl::Status ProductTable::Answer(
    const product::v1::ListRecommendedProductsRequest& request,
    product::v1::ListRecommendedProductsResponse* response) const {
  const std::string& user_id = request.user_id();
  if (absl::Status status = CheckUserId(user_id); !status.ok()) return status;
  const absl::StatusOr<std::size_t> page_size = PageSize(request.page_size());
  if (!page_size.ok()) return page_size.status();

  response->set_user_id(user_id);
  const std::vector<int> recommended = RecommendedTo(user_id);
  const std::size_t end = std::min(*page_size, recommended.size());
  for (std::size_t i = 0; i < end; ++i) {
    *response->add_products() = catalogue_[recommended[i]];
  }
  return absl::OkStatus();
}

absl::Status ProductTable::Answer(
    const product::v1::BatchGetProductsRequest& request,
    product::v1::BatchGetProductsResponse* response) const {
  if (request.ids().empty() || request.ids_size() > kMaxIds) {
    return absl::InvalidArgumentError(
        absl::StrCat("ids: must be from 1 to ", kMaxIds));
  }
  for (const std::string& id : request.ids()) {
    if (IsId(id)) continue;
    return absl::InvalidArgumentError(
        "ids: must be 1 to 64 characters from [A-Za-z0-9._-] each");
  }
  for (const std::string& id : request.ids()) {
    if (const auto it = positions_.find(id); it != positions_.end()) {
      *response->add_products() = catalogue_[it->second];
    } else {
      response->add_missing_ids(id);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<UserTable> LoadUsers(const std::string& path,
                                    int64_t generated_users) {
  auto dataset = Load<UserDataset>(path, generated_users);
  if (!dataset.ok()) return dataset.status();
  return UserTable(*std::move(dataset), generated_users);
}

absl::StatusOr<OrderTable> LoadOrders(const std::string& path,
                                      int64_t generated_users) {
  auto dataset = Load<OrderDataset>(path, generated_users);
  if (!dataset.ok()) return dataset.status();
  return OrderTable(*std::move(dataset), generated_users);
}

absl::StatusOr<ProductTable> LoadProducts(const std::string& path,
                                          int64_t generated_users) {
  auto dataset = Load<ProductDataset>(path, generated_users);
  if (!dataset.ok()) return dataset.status();
  if (path.empty()) return ProductTable(generated_users);
  return ProductTable(*std::move(dataset), generated_users);
}

}  // namespace gather::backends
