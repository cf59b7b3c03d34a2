#ifndef STAY_SECTIONS_HOTEL_H_
#define STAY_SECTIONS_HOTEL_H_

#include <utility>

#include "lodging/backends.pb.h"
#include "server/fanout/section.h"
#include "stay/v1/stay.pb.h"

namespace stay {

// Decoded, since it is small. A hotel that there is not ends the request.
struct Hotel {
  static constexpr gather::fanout::Backend kBackend{"hotel", "localhost:6001"};
  static constexpr char kMethod[] = "lodging.HotelDirectory/Fetch";
  static constexpr bool kNotFoundEndsRequest = true;
  using Request = lodging::HotelQuery;
  using Reply = lodging::Hotel;

  static Request Ask(const v1::GetStayRequest& stay) {
    Request request;
    request.set_code(stay.ref());
    return request;
  }
  static gather::fanout::Echo EchoOf(const Request& request,
                                     const Reply& reply) {
    return {.asked = request.code(), .answered = reply.code()};
  }
  static auto* In(auto& answer) { return answer.mutable_hotel(); }
  static void Fill(Reply&& reply, v1::HotelSection* section) {
    *section->mutable_hotel() = std::move(reply);
  }
};

}  // namespace stay

#endif  // STAY_SECTIONS_HOTEL_H_
