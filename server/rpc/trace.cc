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
constexpr std::size_t kSampledAt = 54;  // the lowest bit of this digit
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

void WriteHex(SpanId id, char* to) {
  static constexpr std::array<HexPair, 256> kPairs = MakeHexPairs();
  for (int i = 0; i < 8; ++i, id >>= 8) {
    to = std::ranges::copy(kPairs[id & 0xff], to).out;
  }
}

// Of a lower-case one. Without a branch: random digits are mispredicted.
uint8_t ValueOf(char digit) {
  return static_cast<uint8_t>((digit & 0xf) + 9 * (digit >> 6));
}

uint8_t ByteAt(std::string_view hex, std::size_t place) {
  return static_cast<uint8_t>(ValueOf(hex[2 * place]) << 4 |
                              ValueOf(hex[2 * place + 1]));
}

SpanId SpanFromHex(std::string_view hex) {
  SpanId id = 0;
  for (std::size_t i = sizeof(id); i-- > 0;) id = id << 8 | ByteAt(hex, i);
  return id;
}

}  // namespace

std::string HexOf(SpanId id) {
  std::string hex(kSpanIdLength, '0');
  WriteHex(id, hex.data());
  return hex;
}

SpanId TraceIds::NextSpan() {
  SpanId id = random_();
  while (id == 0) id = random_();
  return id;
}

void TraceIds::Write(char* to, std::size_t length) {
  for (char* const end = to + length; to < end; to += kSpanIdLength) {
    WriteHex(NextSpan(), to);
  }
}

TraceContext::TraceContext(TraceIds& ids)
    : trace_parent_("00-00000000000000000000000000000000-0000000000000000-00"),
      span_(ids.NextSpan()) {
  ids.Write(&trace_parent_[kTraceIdAt], kTraceIdLength);
  WriteHex(span_, &trace_parent_[kSpanIdAt]);
}

TraceContext TraceContext::Receive(std::string_view trace_parent,
                                   std::string_view trace_state,
                                   TraceIds& ids) {
  if (!IsTraceParent(trace_parent)) return TraceContext(ids);
  TraceContext own;
  own.trace_parent_ = trace_parent.substr(0, kLength);
  own.trace_parent_[0] = own.trace_parent_[1] = '0';  // the version we speak
  own.parent_ = SpanFromHex(own.span_id());
  own.span_ = ids.NextSpan();
  WriteHex(own.span_, &own.trace_parent_[kSpanIdAt]);
  if (trace_state.size() <= kMaxTraceState && IsPrintable(trace_state)) {
    own.trace_state_ = trace_state;
  }
  return own;
}

void TraceContext::WriteChildTraceParent(SpanId child,
                                         std::string& header) const {
  header = trace_parent_;
  WriteHex(child, &header[kSpanIdAt]);
}

bool TraceContext::sampled() const {
  return !trace_parent_.empty() && (ValueOf(trace_parent_[kSampledAt]) & 1);
}

void TraceContext::set_sampled(bool sampled) {
  char& digit = trace_parent_[kSampledAt];
  const int others = ValueOf(digit) & ~1;
  digit = "0123456789abcdef"[others | (sampled ? 1 : 0)];
}

TraceId TraceContext::binary_trace_id() const {
  TraceId id = {};
  const std::string_view hex = trace_id();
  for (std::size_t i = 0; i < id.size(); ++i) id[i] = ByteAt(hex, i);
  return id;
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
