#ifndef STAY_SECTIONS_ROOMS_H_
#define STAY_SECTIONS_ROOMS_H_

#include "lodging/backends.pb.h"
#include "server/fanout/section.h"
#include "stay/v1/stay.pb.h"

namespace stay {

struct Rooms {
  static constexpr gather::fanout::Backend kBackend{"rooms", "localhost:6002"};
  static constexpr char kMethod[] = "lodging.Inventory/FreeRooms";
  using Request = lodging::RoomQuery;
  using Reply = lodging::RoomList;

  static Request Ask(const v1::GetStayRequest& stay) {
    Request request;
    request.set_hotel_code(stay.ref());
    return request;
  }
  static gather::fanout::Echo EchoOf(const Request& request,
                                     const Reply& reply) {
    return {.asked = request.hotel_code(), .answered = reply.hotel_code()};
  }
  static auto* In(auto& answer) { return answer.mutable_rooms(); }
  static void Fill(Reply&& reply, v1::RoomsSection* section) {
    section->mutable_rooms()->Swap(reply.mutable_rooms());
  }
};

}  // namespace stay

#endif  // STAY_SECTIONS_ROOMS_H_
