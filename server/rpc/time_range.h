#ifndef GATHER_SERVER_RPC_TIME_RANGE_H_
#define GATHER_SERVER_RPC_TIME_RANGE_H_

#include <cstdint>
#include <map>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

// google.protobuf.Timestamp and Duration are pairs of numbers, of which most
// mean nothing: seconds past the year 9999, negative nanoseconds. Parsers take
// any; what prints them as JSON fails, and with it the whole answer. So they
// are looked at where a reply comes in.
namespace gather::rpc {

enum class TimeKind : uint8_t { kNone, kTimestamp, kDuration };

TimeKind TimeKindOf(const google::protobuf::Descriptor& message);

// Whether the numbers are in the range that the message's .proto gives it.
bool IsInRange(TimeKind kind, int64_t seconds, int32_t nanos);

// Looks at all times in a message that was decoded, at the cost of those that
// its type can hold at all.
//
//   static const auto& kCheck = *new TimeCheck(*User::descriptor());
//   if (!kCheck.Accepts(user)) ...
//
// Thread: any.
class TimeCheck {
 public:
  explicit TimeCheck(const google::protobuf::Descriptor& message);
  TimeCheck(const TimeCheck&) = delete;
  TimeCheck& operator=(const TimeCheck&) = delete;

  bool Accepts(const google::protobuf::Message& message) const {
    return Accepts(*root_, message);
  }

 private:
  struct Step;
  // The fields of a message that are times, or may hold some.
  using Plan = std::vector<Step>;
  struct Step {
    const google::protobuf::FieldDescriptor* field;
    TimeKind kind;
    const Plan* plan;  // of what is no time itself
  };

  Plan* PlanOf(const google::protobuf::Descriptor& message);
  void DropIdleSteps();
  static bool Accepts(const Plan& plan,
                      const google::protobuf::Message& message);
  static bool Accepts(const Step& step,
                      const google::protobuf::Message& message);

  std::map<const google::protobuf::Descriptor*, Plan> plans_;
  const Plan* const root_;
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_TIME_RANGE_H_
