#ifndef GATHER_SERVER_AGGREGATOR_SECTIONS_USER_H_
#define GATHER_SERVER_AGGREGATOR_SECTIONS_USER_H_

#include <utility>

#include "gather/aggregator/v1/aggregator.pb.h"
#include "gather/user/v1/user.pb.h"
#include "server/fanout/section.h"

namespace gather::aggregator {

// Who the user is. Small, and decoded.
struct User {
  static constexpr fanout::Backend kBackend{"user", "localhost:50052"};
  static constexpr char kMethod[] = "gather.user.v1.UserService/GetUser";
  static constexpr bool kNotFoundEndsRequest = true;
  using Request = user::v1::GetUserRequest;
  using Reply = user::v1::GetUserResponse;

  static Request Ask(const v1::GetOverviewRequest& overview) {
    Request request;
    request.set_user_id(overview.user_id());
    return request;
  }
  static fanout::Echo EchoOf(const Request& request, const Reply& reply) {
    return {.asked = request.user_id(), .answered = reply.user().id()};
  }
  static auto* In(auto& answer) { return answer.mutable_user(); }
  static void Fill(Reply&& reply, v1::UserSection* section) {
    *section->mutable_user() = std::move(*reply.mutable_user());
  }
};

}  // namespace gather::aggregator

#endif  // GATHER_SERVER_AGGREGATOR_SECTIONS_USER_H_
