#include "server/backends/generated.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>

#include "absl/numeric/int128.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/backends/money.h"

namespace gather::backends {
namespace {

using order::v1::LineItem;
using order::v1::Order;
using product::v1::Product;
using user::v1::User;

constexpr int64_t kDay = 24 * 60 * 60;
constexpr int64_t kFirstAccount = 1'546'300'800;  // 2019-01-01
constexpr int64_t kLastOrder = 1'767'225'600;     // 2026-01-01

constexpr const char* kFirstNames[] = {
    "Amara", "Björn", "Chiara", "Daniel", "Elif",  "Farid", "Greta", "Hugo",
    "Ines",  "Jonas", "Kavya",  "Liam",   "Maren", "Nadia", "Oskar", "Priya"};
constexpr const char* kLastNames[] = {
    "Andersen", "Bakker",  "Costa",   "Dubois", "Eriksen",
    "Fischer",  "García",  "Horváth", "Iyer",   "Jansen",
    "Kowalski", "Lefèvre", "Moreau",  "Novak",  "O'Brien"};

struct Place {
  const char* location;
  const char* language_code;
};
constexpr Place kPlaces[] = {
    {"Utrecht, Netherlands", "nl-NL"}, {"Porto, Portugal", "pt-PT"},
    {"Graz, Austria", "de-AT"},        {"Nantes, France", "fr-FR"},
    {"Galway, Ireland", "en-IE"},      {"Bologna, Italy", "it-IT"},
    {"Tampere, Finland", "fi-FI"}};

struct Article {
  const char* id;
  const char* name;
  const char* description;
  int cents;
  double rating;
  int rating_count;
};
constexpr Article kArticles[] = {
    {"pot-watchful-5l", "Watchful Pot, 5 l",
     "Enamelled cast iron with a lid that whistles when it boils. Watch "
     "something else meanwhile.",
     11900, 4.8, 412},
    {"kettle-whistling-2l", "Whistling Kettle, 2 l",
     "Tells the whole kitchen when the water is ready. Brushed steel, for "
     "every hob.",
     3990, 4.6, 958},
    {"timer-triple", "Triple Kitchen Timer",
     "Three countdowns at once, each with a tone of its own. One slow dish no "
     "longer holds up the others.",
     2450, 4.7, 1304},
    {"thermometer-probe", "Probe Thermometer",
     "Stays in the roast and rings at the temperature you set. Reads to half a "
     "degree.",
     2190, 4.4, 731},
    {"knife-chef-20cm", "Chef's Knife, 20 cm",
     "Forged from one piece of steel, balanced at the bolster. Comes sharp and "
     "stays so.",
     8900, 4.9, 2210},
    {"pan-saute-28cm", "Sauté Pan, 28 cm",
     "Steep sides and a copper core: the heat follows the flame in seconds.",
     7490, 4.6, 519},
    {"whisk-balloon", "Balloon Whisk",
     "Eleven steel wires for cream, egg whites and a sauce that must not stop "
     "moving.",
     1290, 4.2, 167},
    {"book-four-burners", "Four Burners",
     "Sixty menus in which everything is ready at the same moment. 240 pages.",
     2600, 4.9, 1077}};

// The next number of SplitMix64: a fixed sequence on every platform, which the
// distributions of <random> do not promise.
class Dice {
 public:
  // Draws for one purpose do not move those for another.
  enum class Purpose : uint64_t { kUser = 1, kOrders, kRecommendation };

  Dice(Purpose purpose, int64_t index)
      : state_((static_cast<uint64_t>(index) << 2) |
               static_cast<uint64_t>(purpose)) {}

  // From 0 to `sides` - 1.
  int64_t Roll(int64_t sides) {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    z ^= z >> 31;
    return static_cast<int64_t>(z % static_cast<uint64_t>(sides));
  }

  template <typename T, std::size_t size>
  const T& Pick(const T (&from)[size]) {
    return from[Roll(size)];
  }

 private:
  uint64_t state_;
};

std::string GeneratedUserId(int64_t index) {
  return absl::StrCat("user-", index);
}

// `count` of the numbers below `size`, which is at least 1 and `count`. A
// stride that shares no factor with `size` meets each number once.
std::vector<int> PickDistinct(int count, int size, Dice* dice) {
  int64_t at = dice->Roll(size);
  int64_t stride = 1 + dice->Roll(size);
  while (std::gcd<int64_t>(stride, size) != 1) ++stride;
  std::vector<int> picked;
  for (int i = 0; i < count; ++i, at = (at + stride) % size) {
    picked.push_back(static_cast<int>(at));
  }
  return picked;
}

void AddLineItems(Dice* dice, Order* order) {
  const std::vector<Product>& catalogue = GeneratedCatalogue();
  absl::int128 total = 0;
  const int count = static_cast<int>(1 + dice->Roll(3));
  for (int at : PickDistinct(count, static_cast<int>(catalogue.size()), dice)) {
    const Product& product = catalogue[at];
    LineItem* item = order->add_line_items();
    item->set_product_id(product.id());
    item->set_product_name(product.name());
    item->set_quantity(static_cast<int32_t>(1 + dice->Roll(3)));
    *item->mutable_unit_price() = product.price();
    total += ToNanos(product.price()) * item->quantity();
  }
  *order->mutable_total() =
      MoneyFromNanos(order->line_items(0).unit_price().currency_code(), total);
}

// Only what was ordered last can still be on its way.
order::v1::State StateOf(bool is_newest, Dice* dice) {
  if (is_newest && dice->Roll(2) == 0) {
    return dice->Roll(2) == 0 ? order::v1::STATE_PLACED
                              : order::v1::STATE_SHIPPED;
  }
  return dice->Roll(12) == 0 ? order::v1::STATE_CANCELLED
                             : order::v1::STATE_DELIVERED;
}

}  // namespace

std::optional<int64_t> GeneratedUserIndex(absl::string_view user_id,
                                          int64_t generated_users) {
  if (!absl::ConsumePrefix(&user_id, "user-")) return std::nullopt;
  int64_t index = 0;
  // SimpleAtoi also takes blanks, signs and leading zeros.
  if (!absl::SimpleAtoi(user_id, &index) || absl::StrCat(index) != user_id) {
    return std::nullopt;
  }
  if (index < 1 || index > generated_users) return std::nullopt;
  return index;
}

User GenerateUser(int64_t index) {
  Dice dice(Dice::Purpose::kUser, index);
  const Place& place = dice.Pick(kPlaces);
  User user;
  user.set_id(GeneratedUserId(index));
  // Drawn one by one: compilers differ in which argument they look at first.
  const char* const first_name = dice.Pick(kFirstNames);
  const char* const last_name = dice.Pick(kLastNames);
  user.set_display_name(absl::StrCat(first_name, " ", last_name));
  user.set_email(absl::StrCat(user.id(), "@example.com"));
  user.set_location(place.location);
  user.set_language_code(place.language_code);
  user.set_tier(
      static_cast<user::v1::Tier>(user::v1::TIER_BASIC + dice.Roll(3)));
  user.mutable_create_time()->set_seconds(kFirstAccount +
                                          dice.Roll(5 * 365 * kDay));
  return user;
}

std::vector<Order> GenerateOrders(int64_t index) {
  Dice dice(Dice::Purpose::kOrders, index);
  const int count = static_cast<int>(3 + dice.Roll(3));
  int64_t time = kLastOrder;
  std::vector<Order> orders(count);
  for (int i = 0; i < count; ++i) {
    Order& order = orders[i];
    order.set_id(absl::StrCat("order-", index, "-", count - i));
    order.set_user_id(GeneratedUserId(index));
    order.set_state(StateOf(i == 0, &dice));
    // At most 5 * 60 days back, long after the youngest account.
    time -= 1 + dice.Roll(60 * kDay);
    order.mutable_create_time()->set_seconds(time);
    AddLineItems(&dice, &order);
  }
  return orders;
}

const std::vector<Product>& GeneratedCatalogue() {
  static const auto* const kCatalogue = [] {
    auto* const products = new std::vector<Product>;
    for (const Article& article : kArticles) {
      Product& product = products->emplace_back();
      product.set_id(article.id);
      product.set_name(article.name);
      product.set_description(article.description);
      *product.mutable_price() =
          MoneyFromNanos("EUR", absl::int128(article.cents) * 10'000'000);
      product.set_rating(article.rating);
      product.set_rating_count(article.rating_count);
    }
    return products;
  }();
  return *kCatalogue;
}

std::vector<int> GenerateRecommendation(int64_t index, int catalogue_size) {
  if (catalogue_size == 0) return {};
  Dice dice(Dice::Purpose::kRecommendation, index);
  const int count = static_cast<int>(5 + dice.Roll(4));
  return PickDistinct(std::min(count, catalogue_size), catalogue_size, &dice);
}

}  // namespace gather::backends
