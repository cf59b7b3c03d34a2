#ifndef STAY_SECTIONS_WEATHER_H_
#define STAY_SECTIONS_WEATHER_H_

#include <utility>

#include "lodging/backends.pb.h"
#include "sections/hotel.h"
#include "server/fanout/section.h"
#include "stay/v1/stay.pb.h"

namespace stay {

// That of the hotel's city, which the hotel tells. Its reply does not say whom
// it is for, so nothing is checked of that.
struct Weather {
  static constexpr gather::fanout::Backend kBackend{"weather",
                                                    "localhost:6004"};
  static constexpr char kMethod[] = "lodging.Weather/Forecast";
  using After = Hotel;
  using Request = lodging::Place;
  using Reply = lodging::Outlook;

  static Request Ask(const v1::GetStayRequest&, const Hotel::Reply& hotel) {
    Request request;
    request.set_name(hotel.city());
    return request;
  }
  static auto* In(auto& answer) { return answer.mutable_weather(); }
  static void Fill(Reply&& reply, v1::WeatherSection* section) {
    section->set_words(std::move(*reply.mutable_words()));
  }
};

}  // namespace stay

#endif  // STAY_SECTIONS_WEATHER_H_
