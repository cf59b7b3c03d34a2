#ifndef STAY_SECTIONS_OFFERS_H_
#define STAY_SECTIONS_OFFERS_H_

#include "lodging/backends.pb.h"
#include "server/fanout/section.h"
#include "stay/v1/stay.pb.h"

namespace stay {

// Dear: only for callers who name it in their read mask.
struct Offers {
  static constexpr gather::fanout::Backend kBackend{"offers", "localhost:6005"};
  static constexpr char kMethod[] = "lodging.Offers/Find";
  static constexpr bool kOnlyOnRequest = true;
  using Request = lodging::OfferQuery;
  using Reply = gather::fanout::Relayed<lodging::OfferList>;

  static Request Ask(const v1::GetStayRequest& stay) {
    Request request;
    request.set_hotel_code(stay.ref());
    return request;
  }
  static auto* In(auto& answer) { return answer.mutable_offers(); }
};

}  // namespace stay

#endif  // STAY_SECTIONS_OFFERS_H_
