#ifndef STAY_SECTIONS_WEATHER_H_
#define STAY_SECTIONS_WEATHER_H_

#include <utility>

#include "lodging/backends.pb.h"
#include "server/fanout/section.h"
#include "stay/v1/stay.pb.h"

namespace stay {

// Its reply does not say whom it is for, so nothing is checked of that.
struct Weather {
  static constexpr gather::fanout::Backend kBackend{"weather",
                                                    "localhost:6004"};
  static constexpr char kMethod[] = "lodging.Weather/Forecast";
  using Request = lodging::Place;
  using Reply = lodging::Outlook;

  static Request Ask(const v1::GetStayRequest& stay) {
    Request request;
    request.set_name(stay.ref());
    return request;
  }
  static auto* In(auto& answer) { return answer.mutable_weather(); }
  static void Fill(Reply&& reply, v1::WeatherSection* section) {
    section->set_words(std::move(*reply.mutable_words()));
  }
};

}  // namespace stay

#endif  // STAY_SECTIONS_WEATHER_H_
