#include "server/fanout/answer_limit.h"

#include "absl/strings/str_cat.h"

namespace gather::fanout {
namespace {

// For a section's status, and the answer's timing: some 150 bytes at most. And
// for an attempt of the status' log.
constexpr std::size_t kStatusBytes = 256;
constexpr std::size_t kAttemptBytes = 128;

std::size_t StatusBytes(const Landing& landing) {
  return kStatusBytes + landing.attempts_log.size() * kAttemptBytes;
}

Failure TooLarge(std::size_t section_bytes, std::size_t answer_bytes,
                 std::size_t max_bytes) {
  return FailureFor(Reason::kReplyTooLarge,
                    absl::StrCat(section_bytes, " bytes, in an answer of ",
                                 answer_bytes, ", which may have ", max_bytes));
}

Arrival* Largest(const rpc::SplicedBase& answer, std::span<Arrival> arrivals) {
  Arrival* largest = nullptr;
  std::size_t most = 0;
  for (Arrival& arrival : arrivals) {
    if (!arrival.landing.has_reply()) continue;
    const std::size_t bytes = answer.SizeOf(arrival.field);
    if (largest != nullptr && bytes < most) continue;
    largest = &arrival;
    most = bytes;
  }
  return largest;
}

}  // namespace

void FitAnswer(rpc::SplicedBase& answer, std::span<Arrival> arrivals,
               std::size_t max_bytes) {
  std::size_t to_be_said = kStatusBytes;
  for (const Arrival& arrival : arrivals) {
    to_be_said += StatusBytes(arrival.landing);
  }
  std::size_t bytes = answer.Size();
  while (bytes + to_be_said > max_bytes) {
    Arrival* const largest = Largest(answer, arrivals);
    if (largest == nullptr) return;
    largest->landing.failure =
        TooLarge(answer.SizeOf(largest->field), bytes, max_bytes);
    answer.Clear(largest->field);
    bytes = answer.Size();
  }
}

std::optional<Failure> FitPart(const rpc::SplicedBase& part,
                               const Landing& landing, std::size_t max_bytes) {
  const std::size_t bytes = part.Size();
  if (bytes + kStatusBytes + StatusBytes(landing) <= max_bytes) {
    return std::nullopt;
  }
  return TooLarge(bytes, bytes, max_bytes);
}

}  // namespace gather::fanout
