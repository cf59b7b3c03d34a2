#include "server/rpc/client_call.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "server/rpc/status.h"

namespace gather::rpc {
namespace {

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// What gRPC makes of a call that ended without a status. So do all calls of a
// connection that it closed for what came on it, such as a `-bin` header that
// is not base64: one reply takes along those beside it. Known by its words
// alone (src/core/ext/transport/chttp2/transport/chttp2_transport.cc).
constexpr char kStreamRemoved[] = "Stream removed";

bool EndedWithoutStatus(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::UNKNOWN &&
         status.error_message() == kStreamRemoved;
}

// Headers or trailers of more than 8 KB, such as a long `grpc-message`, of
// which gRPC tells no status but its own: RESOURCE_EXHAUSTED, as if the other
// side had too much to do.
bool HadTooLargeHeaders(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED &&
         Contains(status.error_message(), "metadata size exceeds");
}

// Whether the text for debugging says no more than the status does, as in gRPC
// 1.83: "CODE", or "CODE:message".
bool OnlyRepeats(std::string_view debug, std::string_view message) {
  const std::size_t colon = debug.find(':');
  if (message.empty()) return !debug.empty() && colon == debug.npos;
  return colon != debug.npos && debug.substr(colon + 1) == message;
}

bool ContainsOneOf(std::string_view text,
                   std::span<const std::string_view> parts) {
  return std::any_of(parts.begin(), parts.end(), [text](std::string_view part) {
    return Contains(text, part);
  });
}

// Whether the status came in the other side's trailers. gRPC says so, if at
// all, in the text that it has for debugging, and says it also of a connection
// that broke, where it makes trailers up: those it is known by its own words
// (src/core/ext/transport/chttp2/transport/chttp2_transport.cc). Where it does
// not say, so is all else that it makes up.
bool CameFromPeer(const grpc::Status& status,
                  const grpc::ClientContext& context) {
  constexpr std::array<std::string_view, 11> kBroken = {
      "Socket closed",   "Connection reset",     "Broken pipe",
      "GOAWAY received", "Transport closed",     "Endpoint ",
      "keepalive",       "ping timeout",         "recvmsg",
      kStreamRemoved,    "metadata size exceeds"};
  constexpr std::array<std::string_view, 5> kMadeHere = {
      "connections to all backends failing", "failed to connect",
      "empty address list", "Deadline Exceeded", "CANCELLED"};
  const std::string debug = context.debug_error_string();
  const std::string message = status.error_message();
  if (!Contains(debug, "received from peer") &&
      (!OnlyRepeats(debug, message) || ContainsOneOf(message, kMadeHere))) {
    return false;
  }
  return !ContainsOneOf(message, kBroken);
}

}  // namespace

CallEnd EndOf(bool ok, const grpc::Status& status,
              const grpc::ClientContext& context) {
  if (status.ok()) return ok ? CallEnd::kReplied : CallEnd::kReplyUnreadable;
  // gRPC has no code of its own for this: the words are all there is
  // (src/core/ext/filters/message_size/message_size_filter.cc).
  if (status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED &&
      Contains(status.error_message(), "larger than max")) {
    return CallEnd::kReplyTooLarge;
  }
  return CameFromPeer(status, context) ? CallEnd::kAnswered : CallEnd::kFailed;
}

absl::Status StatusOf(CallEnd end, const grpc::Status& status) {
  if (end == CallEnd::kReplied) return absl::OkStatus();
  if (end == CallEnd::kReplyUnreadable) {
    return absl::InternalError("the reply can't be parsed");
  }
  if (end == CallEnd::kFailed && EndedWithoutStatus(status)) {
    return absl::UnavailableError(
        absl::StrCat("ended without a status: ", status.error_message()));
  }
  if (end == CallEnd::kFailed && HadTooLargeHeaders(status)) {
    return absl::InternalError(status.error_message());
  }
  return ToAbsl(status);
}

}  // namespace gather::rpc
