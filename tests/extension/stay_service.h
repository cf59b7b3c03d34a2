#ifndef STAY_STAY_SERVICE_H_
#define STAY_STAY_SERVICE_H_

#include <functional>
#include <utility>
#include <vector>

#include "sections/hotel.h"
#include "sections/offers.h"
#include "sections/reviews.h"
#include "sections/rooms.h"
#include "sections/weather.h"
#include "server/fanout/aggregator.h"
#include "server/rpc/server.h"
#include "server/rpc/spliced.h"
#include "server/rpc/status.h"
#include "stay/v1/stay.pb.h"

namespace stay {

// All that a guest wants to know of a hotel.
struct StayProduct {
  static constexpr char kSubject[] = "hotel";
  using Request = v1::GetStayRequest;
  using Response = v1::Stay;
  using Part = v1::StayPart;
  using Sections =
      gather::fanout::SectionList<Hotel, Rooms, Reviews, Weather, Offers>;

  static absl::Status Check(const Request& request) {
    if (!request.ref().empty()) return absl::OkStatus();
    return gather::rpc::InvalidField("ref", "is empty");
  }
};

class StayService {
 public:
  using Product = StayProduct;

  StayService(gather::fanout::Catalog catalog,
              const gather::fanout::Channels& channels,
              gather::fanout::Settings settings, int event_loops)
      : aggregator_(std::move(catalog), channels, std::move(settings),
                    event_loops) {}

  void AddTo(gather::rpc::Server& server) {
    using gather::rpc::Spliced;
    server.AddUnary<v1::GetStayRequest, Spliced<v1::Stay>>(
        "stay.v1.StayService/GetStay",
        std::bind_front(&Aggregator::Answer, &aggregator_));
    server.AddStream<v1::GetStayRequest, Spliced<v1::StayPart>>(
        "stay.v1.StayService/StreamStay",
        std::bind_front(&Aggregator::Stream, &aggregator_));
  }

  std::vector<gather::fanout::SectionReport> Report() const {
    return aggregator_.Report();
  }

 private:
  using Aggregator = gather::fanout::Aggregator<StayProduct>;

  Aggregator aggregator_;
};

}  // namespace stay

#endif  // STAY_STAY_SERVICE_H_
