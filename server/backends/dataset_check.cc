#include "server/backends/dataset_check.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "absl/numeric/int128.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/repeated_field.h"
#include "server/backends/money.h"

namespace gather::backends {
namespace {

using dataset::v1::OrderDataset;
using dataset::v1::ProductDataset;
using dataset::v1::UserDataset;
using order::v1::LineItem;
using order::v1::Order;
using product::v1::Product;
using type::v1::Money;
using Names = google::protobuf::RepeatedPtrField<std::string>;

// Ids that were met, each with the path of the field where it was.
using SeenIds = std::unordered_map<std::string, std::string>;

std::string At(absl::string_view list, int index) {
  return absl::StrCat(list, "[", index, "]");
}

std::string Quoted(const std::string& text) {
  return absl::StrCat("\"", absl::Utf8SafeCEscape(text), "\"");
}

template <typename... What>
absl::Status Wrong(const std::string& path, const What&... what) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", what...));
}

absl::Status CheckId(const std::string& path, const std::string& id) {
  if (id.empty()) return Wrong(path, "is missing");
  if (IsId(id)) return absl::OkStatus();
  return Wrong(path, Quoted(id),
               " is not 1 to 64 characters from [A-Za-z0-9._-]");
}

absl::Status CheckNewId(const std::string& path, const std::string& id,
                        SeenIds* seen) {
  if (absl::Status status = CheckId(path, id); !status.ok()) return status;
  const auto [it, is_new] = seen->emplace(id, path);
  if (is_new) return absl::OkStatus();
  return Wrong(path, Quoted(id), " is already at ", it->second);
}

// Checks one price of an order; all share the currency of the first.
absl::Status CheckOrderMoney(const std::string& path, bool is_present,
                             const Money& money, const Order& order) {
  if (!is_present) return Wrong(path, "is missing");
  if (absl::Status status = CheckMoney(path, money); !status.ok()) {
    return status;
  }
  const std::string& currency =
      order.line_items(0).unit_price().currency_code();
  if (money.currency_code() == currency) return absl::OkStatus();
  return Wrong(absl::StrCat(path, ".currency_code"), money.currency_code(),
               " in an order that starts in ", currency);
}

absl::Status CheckLineItem(const std::string& path, const LineItem& item,
                           const Order& order) {
  if (absl::Status status =
          CheckId(absl::StrCat(path, ".product_id"), item.product_id());
      !status.ok()) {
    return status;
  }
  if (item.quantity() < 1) {
    return Wrong(absl::StrCat(path, ".quantity"), item.quantity(),
                 " is less than 1");
  }
  return CheckOrderMoney(absl::StrCat(path, ".unit_price"),
                         item.has_unit_price(), item.unit_price(), order);
}

absl::Status CheckLineItemsAndTotal(const std::string& path,
                                    const Order& order) {
  if (order.line_items().empty()) {
    return Wrong(absl::StrCat(path, ".line_items"), "is missing");
  }
  absl::int128 sum = 0;
  for (int i = 0; i < order.line_items_size(); ++i) {
    const LineItem& item = order.line_items(i);
    const std::string item_path = At(absl::StrCat(path, ".line_items"), i);
    if (absl::Status status = CheckLineItem(item_path, item, order);
        !status.ok()) {
      return status;
    }
    sum += ToNanos(item.unit_price()) * item.quantity();
    // Checked at each step, so that `sum` itself never overflows.
    if (!FitsMoney(sum)) return Wrong(item_path, "the sum is out of range");
  }
  const std::string total_path = absl::StrCat(path, ".total");
  if (absl::Status status =
          CheckOrderMoney(total_path, order.has_total(), order.total(), order);
      !status.ok()) {
    return status;
  }
  if (ToNanos(order.total()) == sum) return absl::OkStatus();
  return Wrong(total_path, MoneyToText(order.total()), " is not the sum, ",
               MoneyToText(MoneyFromNanos(order.total().currency_code(), sum)));
}

absl::Status CheckOrder(const std::string& path, const Order& order) {
  if (absl::Status status =
          CheckId(absl::StrCat(path, ".user_id"), order.user_id());
      !status.ok()) {
    return status;
  }
  if (!order::v1::State_IsValid(order.state())) {
    return Wrong(absl::StrCat(path, ".state"), static_cast<int>(order.state()),
                 " is not a state");
  }
  return CheckLineItemsAndTotal(path, order);
}

absl::Status CheckProduct(const std::string& path, const Product& product) {
  if (product.has_price()) {
    if (absl::Status status =
            CheckMoney(absl::StrCat(path, ".price"), product.price());
        !status.ok()) {
      return status;
    }
  }
  if (product.rating_count() < 0) {
    return Wrong(absl::StrCat(path, ".rating_count"), product.rating_count(),
                 " is negative");
  }
  const double rating = product.rating();
  if (product.rating_count() == 0) {
    if (rating == 0) return absl::OkStatus();
    return Wrong(absl::StrCat(path, ".rating"), rating,
                 " is not 0, but rating_count is");
  }
  // The positive form is false for NaN, too.
  if (rating >= 1 && rating <= 5) return absl::OkStatus();
  return Wrong(absl::StrCat(path, ".rating"), rating, " is not from 1 to 5");
}

absl::Status CheckReferences(const std::string& path, const Names& ids,
                             const SeenIds& catalogue) {
  SeenIds seen;
  for (int i = 0; i < ids.size(); ++i) {
    const std::string id_path = At(path, i);
    if (absl::Status status = CheckNewId(id_path, ids[i], &seen);
        !status.ok()) {
      return status;
    }
    if (!catalogue.contains(ids[i])) {
      return Wrong(id_path, Quoted(ids[i]), " is not in products");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckRecommendations(const ProductDataset& dataset,
                                  const SeenIds& catalogue) {
  SeenIds user_ids;
  for (int i = 0; i < dataset.recommendations_size(); ++i) {
    const auto& recommendation = dataset.recommendations(i);
    const std::string path = At("recommendations", i);
    if (absl::Status status = CheckNewId(absl::StrCat(path, ".user_id"),
                                         recommendation.user_id(), &user_ids);
        !status.ok()) {
      return status;
    }
    if (absl::Status status =
            CheckReferences(absl::StrCat(path, ".product_ids"),
                            recommendation.product_ids(), catalogue);
        !status.ok()) {
      return status;
    }
  }
  return CheckReferences("popular_product_ids", dataset.popular_product_ids(),
                         catalogue);
}

}  // namespace

bool IsId(absl::string_view id) {
  return !id.empty() && id.size() <= 64 &&
         std::all_of(id.begin(), id.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
         });
}

absl::Status CheckDataset(const UserDataset& dataset) {
  SeenIds ids;
  for (int i = 0; i < dataset.users_size(); ++i) {
    const auto& user = dataset.users(i);
    const std::string path = At("users", i);
    if (absl::Status status =
            CheckNewId(absl::StrCat(path, ".id"), user.id(), &ids);
        !status.ok()) {
      return status;
    }
    if (!user::v1::Tier_IsValid(user.tier())) {
      return Wrong(absl::StrCat(path, ".tier"), static_cast<int>(user.tier()),
                   " is not a tier");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckDataset(const OrderDataset& dataset) {
  SeenIds ids;
  for (int i = 0; i < dataset.orders_size(); ++i) {
    const Order& order = dataset.orders(i);
    const std::string path = At("orders", i);
    absl::Status status =
        CheckNewId(absl::StrCat(path, ".id"), order.id(), &ids);
    if (status.ok()) status = CheckOrder(path, order);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status CheckDataset(const ProductDataset& dataset) {
  SeenIds ids;
  for (int i = 0; i < dataset.products_size(); ++i) {
    const Product& product = dataset.products(i);
    const std::string path = At("products", i);
    absl::Status status =
        CheckNewId(absl::StrCat(path, ".id"), product.id(), &ids);
    if (status.ok()) status = CheckProduct(path, product);
    if (!status.ok()) return status;
  }
  return CheckRecommendations(dataset, ids);
}

}  // namespace gather::backends
