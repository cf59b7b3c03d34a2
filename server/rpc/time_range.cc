#include "server/rpc/time_range.h"

#include <algorithm>
#include <cstddef>
#include <set>

#include "google/protobuf/timestamp.pb.h"

namespace gather::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::Timestamp;

// As google/protobuf/timestamp.proto and duration.proto have them.
constexpr int64_t kFirstSecond = -62'135'596'800;  // 0001-01-01T00:00:00Z
constexpr int64_t kLastSecond = 253'402'300'799;   // 9999-12-31T23:59:59Z
constexpr int64_t kLongestSeconds = 315'576'000'000;
constexpr int32_t kMostNanos = 999'999'999;

}  // namespace

TimeKind TimeKindOf(const Descriptor& message) {
  const auto& name = message.full_name();
  if (name == "google.protobuf.Timestamp") return TimeKind::kTimestamp;
  if (name == "google.protobuf.Duration") return TimeKind::kDuration;
  return TimeKind::kNone;
}

bool IsInRange(TimeKind kind, int64_t seconds, int32_t nanos) {
  if (kind == TimeKind::kTimestamp) {
    return seconds >= kFirstSecond && seconds <= kLastSecond && nanos >= 0 &&
           nanos <= kMostNanos;
  }
  const bool one_sign =
      !(seconds > 0 && nanos < 0) && !(seconds < 0 && nanos > 0);
  return one_sign && seconds >= -kLongestSeconds &&
         seconds <= kLongestSeconds && nanos >= -kMostNanos &&
         nanos <= kMostNanos;
}

TimeCheck::TimeCheck(const Descriptor& message) : root_(PlanOf(message)) {
  DropIdleSteps();
}

TimeCheck::Plan* TimeCheck::PlanOf(const Descriptor& message) {
  const auto [place, is_new] = plans_.try_emplace(&message);
  // In place before its fields are looked at: a message may hold its like.
  Plan& plan = place->second;
  if (!is_new) return &plan;
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    if (field.type() != FieldDescriptor::TYPE_MESSAGE) continue;
    const TimeKind kind = TimeKindOf(*field.message_type());
    const bool is_time = kind != TimeKind::kNone;
    const Plan* inner = is_time ? nullptr : PlanOf(*field.message_type());
    plan.push_back({&field, kind, inner});
  }
  return &plan;
}

// What leads to no time.
void TimeCheck::DropIdleSteps() {
  std::set<const Plan*> useful;
  const auto leads_to_time = [&useful](const Step& step) {
    return step.kind != TimeKind::kNone || useful.contains(step.plan);
  };
  std::size_t before = 0;
  do {
    before = useful.size();
    for (const auto& [message, plan] : plans_) {
      if (std::ranges::any_of(plan, leads_to_time)) useful.insert(&plan);
    }
  } while (useful.size() > before);
  for (auto& [message, plan] : plans_) {
    std::erase_if(plan, [&](const Step& s) { return !leads_to_time(s); });
  }
}

bool TimeCheck::Accepts(const Plan& plan, const Message& message) {
  const Reflection& reflection = *message.GetReflection();
  for (const Step& step : plan) {
    if (!step.field->is_repeated()) {
      if (reflection.HasField(message, step.field) &&
          !Accepts(step, reflection.GetMessage(message, step.field))) {
        return false;
      }
      continue;
    }
    const int size = reflection.FieldSize(message, step.field);
    for (int i = 0; i < size; ++i) {
      if (!Accepts(step,
                   reflection.GetRepeatedMessage(message, step.field, i))) {
        return false;
      }
    }
  }
  return true;
}

bool TimeCheck::Accepts(const Step& step, const Message& message) {
  if (step.kind == TimeKind::kNone) return Accepts(*step.plan, message);
  // Most are of the generated type, which needs no look-ups.
  if (message.GetReflection() ==
      Timestamp::default_instance().GetReflection()) {
    const auto& time = static_cast<const Timestamp&>(message);
    return IsInRange(step.kind, time.seconds(), time.nanos());
  }
  const Descriptor& type = *message.GetDescriptor();
  const Reflection& reflection = *message.GetReflection();
  // A Duration has the same numbers.
  return IsInRange(
      step.kind,
      reflection.GetInt64(
          message, type.FindFieldByNumber(Timestamp::kSecondsFieldNumber)),
      reflection.GetInt32(
          message, type.FindFieldByNumber(Timestamp::kNanosFieldNumber)));
}

}  // namespace gather::rpc
