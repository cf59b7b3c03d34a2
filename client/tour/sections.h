#ifndef GATHER_CLIENT_TOUR_SECTIONS_H_
#define GATHER_CLIENT_TOUR_SECTIONS_H_

#include <array>
#include <cstddef>
#include <string>

#include "server/aggregator/sections/orders.h"
#include "server/aggregator/sections/products.h"
#include "server/aggregator/sections/user.h"
#include "server/fanout/section.h"

namespace gather::client::tour {

// The sections of the product that the tour shows, which it has backends for.
// A product with more of them is asked for these.
using Sections = fanout::SectionList<aggregator::User, aggregator::Orders,
                                     aggregator::Products>;

// One of them, by its place in that list.
enum Section : std::size_t { kUser, kOrders, kProducts };
inline constexpr std::array<Section, Sections::kSize> kSections = {
    kUser, kOrders, kProducts};
static_assert(Sections::IndexOf<aggregator::User>() == kUser &&
              Sections::IndexOf<aggregator::Orders>() == kOrders &&
              Sections::IndexOf<aggregator::Products>() == kProducts);

// Its name in the product's answers.
const std::string& SectionName(Section section);

// The user that the backends know.
inline constexpr char kUserId[] = "user-1";

// Asks an aggregator for that user and the sections above. `Request` is that of
// GetOverview or of StreamOverview.
template <typename Request>
Request MakeOverviewRequest() {
  Request request;
  request.set_user_id(kUserId);
  for (const Section section : kSections) {
    request.mutable_read_mask()->add_paths(SectionName(section));
  }
  return request;
}

}  // namespace gather::client::tour

#endif  // GATHER_CLIENT_TOUR_SECTIONS_H_
