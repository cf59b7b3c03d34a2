#ifndef GATHER_TESTS_BENCH_LOAD_QUESTION_H_
#define GATHER_TESTS_BENCH_LOAD_QUESTION_H_

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gather/aggregator/v1/aggregator.pb.h"
#include "google/protobuf/message.h"
#include "server/fanout/relay.h"
#include "server/fanout/section.h"
#include "server/rpc/undecoded.h"

namespace gather::bench {

// What a load asks over and over, and which answers are right.
struct Question {
  std::string path;     // "/package.Service/Method"
  std::string message;  // the request, encoded
  std::function<bool(std::string_view reply)> is_right;
};

// An overview, in the shape of a section: it must be complete.
struct WholeOverview {
  static constexpr char kMethod[] =
      "gather.aggregator.v1.AggregatorService/GetOverview";
  using Request = aggregator::v1::GetOverviewRequest;
  using Reply = aggregator::v1::GetOverviewResponse;

  static Request Ask(const Request& overview) { return overview; }
  static fanout::Echo EchoOf(const Request& request, const Reply& reply) {
    if (!reply.complete()) return {};
    return {.asked = request.user_id(), .answered = reply.user().user().id()};
  }
};

// As whole as it can be while the products' backend hangs.
struct WithoutProducts : WholeOverview {
  static fanout::Echo EchoOf(const Request& request, const Reply& reply) {
    if (reply.orders().status().state() != fanout::v1::SECTION_STATE_OK) {
      return {};
    }
    return {.asked = request.user_id(), .answered = reply.user().user().id()};
  }
};

inline bool Parse(std::string_view bytes, rpc::Undecoded& message) {
  return message.ParseFromString(bytes);
}
inline bool Parse(std::string_view bytes, google::protobuf::Message& message) {
  return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

// What a section asks (server/fanout/section.h): the reply must be for the user
// that was asked for.
template <typename S>
Question QuestionOf(const aggregator::v1::GetOverviewRequest& overview) {
  const typename S::Request request = S::Ask(overview);
  return {.path = absl::StrCat("/", S::kMethod),
          .message = request.SerializeAsString(),
          .is_right = [request](std::string_view bytes) {
            typename fanout::ReplyTypes<typename S::Reply>::Wire wire;
            if (!Parse(bytes, wire)) return false;
            const typename S::Reply reply(std::move(wire));
            const fanout::Echo echo = S::EchoOf(request, reply);
            return !echo.answered.empty() && echo.answered == echo.asked;
          }};
}

}  // namespace gather::bench

#endif  // GATHER_TESTS_BENCH_LOAD_QUESTION_H_
