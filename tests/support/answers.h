#ifndef GATHER_TESTS_SUPPORT_ANSWERS_H_
#define GATHER_TESTS_SUPPORT_ANSWERS_H_

#include <grpcpp/support/status.h>

#include <functional>
#include <string>

#include "tests/support/gate.h"

namespace gather::testing {

// One for each section of the product.
enum class BackendRole { kUser, kOrders, kProducts, kPurchases };

// How a fake backend meets one call: see the functions below.
struct Answer {
  enum class Payload {
    kRight,
    kForAnotherUser,
    kEmpty,
    kGarbage,
    kHuge,
    kLarge
  };

  Payload payload = Payload::kRight;
  grpc::Status status;   // instead of the payload, unless OK
  Gate* gate = nullptr;  // not before it opens; must outlive the backend's use
  bool never = false;    // not until the call is cancelled
  // These bytes instead of the payload, where there are any.
  std::string bytes = "";
  // Told that the call is over, and whether it was cancelled; on a thread of
  // the backend's.
  std::function<void(bool cancelled)> on_end = nullptr;
};

Answer AnswerRight(Gate* gate = nullptr);
Answer AnswerForAnotherUser();
// A message without any field.
Answer AnswerEmpty();
// Bytes that are no message.
Answer AnswerGarbage();
// A right reply, made larger than 4 MB.
Answer AnswerHuge();
// One whose section has 1.6 MB, or a little more where it is the products'.
Answer AnswerLarge(Gate* gate = nullptr);
Answer Fail(grpc::StatusCode code, const std::string& message = "",
            Gate* gate = nullptr);
Answer NeverAnswer();
Answer AnswerBytes(const std::string& bytes);

// The bytes that a backend of this role puts into such an answer. Bytes, and
// not a message: what is wrong with a wrong answer may be that it is none.
std::string PayloadBytes(BackendRole role, Answer::Payload payload,
                         const std::string& user_id);

}  // namespace gather::testing

#endif  // GATHER_TESTS_SUPPORT_ANSWERS_H_
