#include "tests/support/answers.h"

#include <cstddef>

#include "tests/support/replies.h"

namespace gather::testing {
namespace {

constexpr std::size_t kHugeReplyBytes = 5 * 1024 * 1024;
constexpr std::size_t kLargeTextBytes = 1'600'000;

std::string LargeReply(BackendRole role, const std::string& user_id) {
  const std::string text(kLargeTextBytes, 'x');
  if (role == BackendRole::kUser) {
    user::v1::GetUserResponse reply = RightUser(user_id);
    reply.mutable_user()->set_display_name(text);
    return reply.SerializeAsString();
  }
  if (role == BackendRole::kOrders) {
    order::v1::ListOrdersResponse reply = RightOrders(user_id);
    reply.mutable_orders(0)->mutable_line_items(0)->set_product_name(text);
    return reply.SerializeAsString();
  }
  product::v1::ListRecommendedProductsResponse reply = RightProducts(user_id);
  reply.mutable_products(0)->set_description(text + std::string(1000, 'x'));
  return reply.SerializeAsString();
}

}  // namespace

Answer AnswerRight(Gate* gate) {
  Answer answer;
  answer.gate = gate;
  return answer;
}

Answer AnswerForAnotherUser() {
  return {.payload = Answer::Payload::kForAnotherUser, .status = {}};
}

Answer AnswerEmpty() {
  return {.payload = Answer::Payload::kEmpty, .status = {}};
}

Answer AnswerGarbage() {
  return {.payload = Answer::Payload::kGarbage, .status = {}};
}

Answer AnswerHuge() {
  return {.payload = Answer::Payload::kHuge, .status = {}};
}

Answer AnswerLarge(Gate* gate) {
  return {.payload = Answer::Payload::kLarge, .status = {}, .gate = gate};
}

Answer Fail(grpc::StatusCode code, const std::string& message, Gate* gate) {
  return {.status = grpc::Status(code, message), .gate = gate};
}

Answer NeverAnswer() { return {.status = {}, .never = true}; }

Answer AnswerBytes(const std::string& bytes) {
  return {.status = {}, .bytes = bytes};
}

std::string PayloadBytes(BackendRole role, Answer::Payload payload,
                         const std::string& user_id) {
  if (payload == Answer::Payload::kEmpty) return "";
  if (payload == Answer::Payload::kLarge) return LargeReply(role, user_id);
  // Field 1, length-delimited, longer than what follows.
  if (payload == Answer::Payload::kGarbage) return "\x0a\x7fgarbage";
  const std::string answered_for =
      payload == Answer::Payload::kForAnotherUser ? "another-user" : user_id;
  std::string bytes;
  switch (role) {
    case BackendRole::kUser:
      bytes = RightUser(answered_for).SerializeAsString();
      break;
    case BackendRole::kOrders:
      bytes = RightOrders(answered_for).SerializeAsString();
      break;
    case BackendRole::kProducts:
      bytes = RightProducts(answered_for).SerializeAsString();
      break;
    case BackendRole::kPurchases:
      bytes = RightPurchases(answered_for).SerializeAsString();
      break;
  }
  if (payload == Answer::Payload::kHuge) {
    // Fields that the message does not know: one-byte numbers in field 15.
    while (bytes.size() < kHugeReplyBytes) bytes += "\x78\x01";
  }
  return bytes;
}

}  // namespace gather::testing
