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

Arrival* Largest(std::span<Arrival> arrivals) {
  Arrival* largest = nullptr;
  std::size_t most = 0;
  for (Arrival& arrival : arrivals) {
    if (!arrival.landing.has_reply()) continue;
    const std::size_t bytes = arrival.section->ByteSizeLong();
    if (largest != nullptr && bytes < most) continue;
    largest = &arrival;
    most = bytes;
  }
  return largest;
}

}  // namespace

void FitAnswer(const google::protobuf::Message& answer,
               std::span<Arrival> arrivals, std::size_t max_bytes) {
  std::size_t to_be_said = kStatusBytes;
  for (const Arrival& arrival : arrivals) {
    to_be_said += StatusBytes(arrival.landing);
  }
  std::size_t bytes = answer.ByteSizeLong();
  while (bytes + to_be_said > max_bytes) {
    Arrival* const largest = Largest(arrivals);
    if (largest == nullptr) return;
    largest->landing.failure =
        TooLarge(largest->section->ByteSizeLong(), bytes, max_bytes);
    largest->section->Clear();
    bytes = answer.ByteSizeLong();
  }
}

std::optional<Failure> FitPart(const google::protobuf::Message& section,
                               const Landing& landing, std::size_t max_bytes) {
  const std::size_t bytes = section.ByteSizeLong();
  if (bytes + kStatusBytes + StatusBytes(landing) <= max_bytes) {
    return std::nullopt;
  }
  return TooLarge(bytes, bytes, max_bytes);
}

}  // namespace gather::fanout
