#include "server/rpc/rpc_spans.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/container/inlined_vector.h"

namespace gather::rpc {
namespace {

// So many without an allocation.
using Attributes = absl::InlinedVector<SpanAttribute, 8>;

struct Address {
  std::string_view host;
  int64_t port = 0;  // 0 where there is none
};

void RemovePrefix(std::string_view& text, std::string_view prefix) {
  if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
}
void RemoveSuffix(std::string_view& text, std::string_view suffix) {
  if (text.ends_with(suffix)) text.remove_suffix(suffix.size());
}

// gRPC writes the brackets of an IPv6 address as in a URL.
Address AddressOf(std::string_view peer) {
  Address address;
  const bool path = peer.starts_with("unix");
  RemovePrefix(peer, "ipv4:");
  RemovePrefix(peer, "ipv6:");
  RemovePrefix(peer, "unix:");
  const std::size_t colon = path ? std::string_view::npos : peer.rfind(':');
  if (colon != std::string_view::npos) {
    const std::string_view port = peer.substr(colon + 1);
    std::from_chars(port.data(), port.data() + port.size(), address.port);
    peer = peer.substr(0, colon);
  }
  for (const std::string_view bracket : {"%5B", "["}) {
    RemovePrefix(peer, bracket);
  }
  for (const std::string_view bracket : {"%5D", "]"}) {
    RemoveSuffix(peer, bracket);
  }
  address.host = peer;
  return address;
}

void AddMethod(std::string_view name, Attributes& attributes) {
  const std::size_t slash = name.find('/');
  attributes.push_back({"rpc.system", "grpc"});
  attributes.push_back({"rpc.service", name.substr(0, slash)});
  if (slash == std::string_view::npos) return;
  attributes.push_back({"rpc.method", name.substr(slash + 1)});
}

// `address_key` and `port_key` say whose it is.
void AddPeer(std::string_view peer, std::string_view address_key,
             std::string_view port_key, Attributes& attributes) {
  const Address address = AddressOf(peer);
  if (address.host.empty()) return;
  attributes.push_back({address_key, address.host});
  if (address.port > 0) attributes.push_back({port_key, address.port});
}

// Which codes of its own answers are a server's errors:
// https://opentelemetry.io/docs/specs/semconv/rpc/grpc.
bool IsServersError(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::UNKNOWN:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::UNIMPLEMENTED:
    case grpc::StatusCode::INTERNAL:
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DATA_LOSS:
      return true;
    default:
      return false;
  }
}

}  // namespace

void RecordServed(const ServerCall& call, const grpc::Status& status,
                  async::Clock::time_point end) {
  const bool failed = IsServersError(status.error_code());
  const std::string message = failed ? status.error_message() : "";
  Attributes attributes;
  AddMethod(call.method(), attributes);
  attributes.push_back({"rpc.grpc.status_code", int64_t{status.error_code()}});
  AddPeer(call.peer(), "client.address", "client.port", attributes);
  call.call_trace().Record({.kind = Span::Kind::kServer,
                            .id = call.trace().span(),
                            .parent = call.trace().parent(),
                            .name = call.method(),
                            .start = call.start(),
                            .end = end,
                            .failed = failed,
                            .message = message,
                            .attributes = attributes});
}

void RecordCalled(const CallTrace& trace, const CalledSpan& called) {
  const absl::string_view message = called.status.message();
  Attributes attributes;
  AddMethod(called.method, attributes);
  attributes.push_back(
      {"rpc.grpc.status_code", static_cast<int64_t>(called.status.raw_code())});
  AddPeer(called.peer, "server.address", "server.port", attributes);
  for (const SpanAttribute& more : called.more) attributes.push_back(more);
  trace.Record({.kind = Span::Kind::kClient,
                .id = called.id,
                .parent = called.parent,
                .name = called.method,
                .start = called.start,
                .end = called.end,
                .failed = !called.status.ok(),
                .message = {message.data(), message.size()},
                .attributes = attributes});
}

}  // namespace gather::rpc
