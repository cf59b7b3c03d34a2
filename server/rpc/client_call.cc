#include "server/rpc/client_call.h"

#include <array>
#include <string>
#include <string_view>

#include "server/rpc/status.h"

namespace gather::rpc {
namespace {

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Whether the status came in the other side's trailers. gRPC says so only in
// the text that it has for debugging, and says it also of a connection that
// broke, where it makes trailers up: those it is known by its own words
// (src/core/ext/transport/chttp2/transport/chttp2_transport.cc).
bool CameFromPeer(const grpc::Status& status,
                  const grpc::ClientContext& context) {
  constexpr std::array<std::string_view, 9> kBroken = {
      "Socket closed",   "Connection reset", "Broken pipe",
      "GOAWAY received", "Transport closed", "Endpoint ",
      "keepalive",       "ping timeout",     "recvmsg"};
  if (!Contains(context.debug_error_string(), "received from peer")) {
    return false;
  }
  const std::string message = status.error_message();
  for (const std::string_view words : kBroken) {
    if (Contains(message, words)) return false;
  }
  return true;
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
  return ToAbsl(status);
}

}  // namespace gather::rpc
