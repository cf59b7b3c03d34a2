#include "server/rpc/trace.h"

#include <algorithm>
#include <cstddef>
#include <optional>

namespace gather::rpc {
namespace {

// Positions in "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".
constexpr std::size_t kTraceIdAt = 3;
constexpr std::size_t kTraceIdLength = 32;
constexpr std::size_t kSpanIdAt = 36;
constexpr std::size_t kSpanIdLength = 16;
constexpr std::size_t kFlagsAt = 53;
constexpr std::size_t kLength = 55;
constexpr std::size_t kMaxTraceState = 512;

bool IsHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
}

bool IsZero(std::string_view text) {
  return text.find_first_not_of('0') == std::string_view::npos;
}

bool IsPrintable(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= ' ' && c <= '~'; });
}

std::optional<TraceContext> Parse(std::string_view header) {
  if (header.size() < kLength || header[2] != '-' || header[35] != '-' ||
      header[52] != '-') {
    return std::nullopt;
  }
  const std::string_view version = header.substr(0, 2);
  const std::string_view trace_id = header.substr(kTraceIdAt, kTraceIdLength);
  const std::string_view parent_id = header.substr(kSpanIdAt, kSpanIdLength);
  const std::string_view flags = header.substr(kFlagsAt, 2);
  if (!IsHex(version) || version == "ff" || !IsHex(trace_id) ||
      IsZero(trace_id) || !IsHex(parent_id) || IsZero(parent_id) ||
      !IsHex(flags)) {
    return std::nullopt;
  }
  // Later versions may add fields; version 00 may not.
  if (header.size() > kLength && (version == "00" || header[kLength] != '-')) {
    return std::nullopt;
  }
  return TraceContext{.trace_id = std::string(trace_id),
                      .span_id = std::string(parent_id),
                      .flags = std::string(flags),
                      .trace_state = {}};
}

}  // namespace

std::string TraceIds::Make(int digits) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string id;
  id.reserve(digits);
  while (static_cast<int>(id.size()) < digits) {
    uint64_t bits = random_();
    if (bits == 0) continue;
    for (int i = 0; i < 16; ++i, bits >>= 4) id += kDigits[bits & 15];
  }
  return id;
}

std::string TraceContext::TraceParent() const {
  return "00-" + trace_id + "-" + span_id + "-" + flags;
}

TraceContext TraceContext::Child(TraceIds& ids) const {
  TraceContext child = *this;
  child.span_id = ids.Make(kSpanIdLength);
  return child;
}

TraceContext ReceiveTrace(std::string_view trace_parent,
                          std::string_view trace_state, TraceIds& ids) {
  std::optional<TraceContext> caller = Parse(trace_parent);
  if (!caller) {
    return {.trace_id = ids.Make(kTraceIdLength),
            .span_id = ids.Make(kSpanIdLength),
            .flags = "00",
            .trace_state = {}};
  }
  TraceContext own = caller->Child(ids);
  if (trace_state.size() <= kMaxTraceState && IsPrintable(trace_state)) {
    own.trace_state = trace_state;
  }
  return own;
}

}  // namespace gather::rpc
