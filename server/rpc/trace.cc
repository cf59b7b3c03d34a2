#include "server/rpc/trace.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace gather::rpc {
namespace {

// Positions in "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".
constexpr std::size_t kTraceIdAt = 3;
constexpr std::size_t kTraceIdLength = 32;
constexpr std::size_t kSpanIdAt = 36;
constexpr std::size_t kSpanIdLength = 16;
constexpr std::size_t kFlagsAt = 53;
constexpr std::size_t kFlagsLength = 2;
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

bool IsTraceParent(std::string_view header) {
  if (header.size() < kLength || header[2] != '-' || header[35] != '-' ||
      header[52] != '-') {
    return false;
  }
  const std::string_view version = header.substr(0, 2);
  const std::string_view trace_id = header.substr(kTraceIdAt, kTraceIdLength);
  const std::string_view parent_id = header.substr(kSpanIdAt, kSpanIdLength);
  if (!IsHex(version) || version == "ff" || !IsHex(trace_id) ||
      IsZero(trace_id) || !IsHex(parent_id) || IsZero(parent_id) ||
      !IsHex(header.substr(kFlagsAt, kFlagsLength))) {
    return false;
  }
  // Later versions may add fields; version 00 may not.
  return header.size() == kLength ||
         (version != "00" && header[kLength] == '-');
}

// A byte at a time: five ids a request are worth a table.
using HexPair = std::array<char, 2>;
constexpr std::array<HexPair, 256> MakeHexPairs() {
  constexpr char kDigits[] = "0123456789abcdef";
  std::array<HexPair, 256> pairs = {};
  for (std::size_t byte = 0; byte < pairs.size(); ++byte) {
    pairs[byte] = {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return pairs;
}

}  // namespace

void TraceIds::Write(char* to, std::size_t length) {
  static constexpr std::array<HexPair, 256> kPairs = MakeHexPairs();
  for (char* const end = to + length; to < end;) {
    uint64_t bits = random_();
    if (bits == 0) continue;
    for (int i = 0; i < 8; ++i, bits >>= 8) {
      to = std::ranges::copy(kPairs[bits & 0xff], to).out;
    }
  }
}

TraceContext::TraceContext(TraceIds& ids)
    : trace_parent_("00-00000000000000000000000000000000-0000000000000000-00") {
  ids.Write(&trace_parent_[kTraceIdAt], kTraceIdLength);
  ids.Write(&trace_parent_[kSpanIdAt], kSpanIdLength);
}

TraceContext TraceContext::Receive(std::string_view trace_parent,
                                   std::string_view trace_state,
                                   TraceIds& ids) {
  if (!IsTraceParent(trace_parent)) return TraceContext(ids);
  TraceContext own;
  own.received_ = true;
  own.trace_parent_ = trace_parent.substr(0, kLength);
  own.trace_parent_[0] = own.trace_parent_[1] = '0';  // the version we speak
  ids.Write(&own.trace_parent_[kSpanIdAt], kSpanIdLength);
  if (trace_state.size() <= kMaxTraceState && IsPrintable(trace_state)) {
    own.trace_state_ = trace_state;
  }
  return own;
}

std::string TraceContext::ChildTraceParent(TraceIds& ids) const {
  std::string child = trace_parent_;
  ids.Write(&child[kSpanIdAt], kSpanIdLength);
  return child;
}

std::string_view TraceContext::Part(std::size_t at, std::size_t length) const {
  if (trace_parent_.empty()) return {};
  return std::string_view(trace_parent_).substr(at, length);
}

std::string_view TraceContext::trace_id() const {
  return Part(kTraceIdAt, kTraceIdLength);
}

std::string_view TraceContext::span_id() const {
  return Part(kSpanIdAt, kSpanIdLength);
}

}  // namespace gather::rpc
