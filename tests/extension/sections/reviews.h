#ifndef STAY_SECTIONS_REVIEWS_H_
#define STAY_SECTIONS_REVIEWS_H_

#include "lodging/backends.pb.h"
#include "server/fanout/section.h"
#include "stay/v1/stay.pb.h"

namespace stay {

// A long list that goes on to the caller as the bytes it comes in.
struct Reviews {
  static constexpr gather::fanout::Backend kBackend{"reviews",
                                                    "localhost:6003"};
  static constexpr char kMethod[] = "lodging.ReviewArchive/Search";
  using Request = lodging::ReviewQuery;
  using Reply = gather::fanout::Relayed<lodging::ReviewPage>;

  static Request Ask(const v1::GetStayRequest& stay) {
    Request request;
    request.set_about(stay.ref());
    request.set_at_most(stay.review_limit());
    return request;
  }
  static gather::fanout::Echo EchoOf(const Request& request,
                                     const Reply& reply) {
    return {.asked = request.about(),
            .answered = reply.Text(lodging::ReviewPage::kAboutFieldNumber)};
  }
  static auto* In(auto& answer) { return answer.mutable_reviews(); }
};

}  // namespace stay

#endif  // STAY_SECTIONS_REVIEWS_H_
