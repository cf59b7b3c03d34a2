#include "server/ops/spans/call_fields.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"
#include "server/ops/spans/span_fields.h"

namespace gather::ops {
namespace {

using Attributes = std::vector<rpc::SpanAttribute>;

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

// The client is a server's peer.
void AddPeer(std::string_view peer, rpc::Span::Kind kind,
             Attributes& attributes) {
  const bool client = kind == rpc::Span::Kind::kServer;
  const Address address = AddressOf(peer);
  if (address.host.empty()) return;
  attributes.push_back(
      {client ? "client.address" : "server.address", address.host});
  if (address.port == 0) return;
  attributes.push_back({client ? "client.port" : "server.port", address.port});
}

std::string FieldsOf(const rpc::Span& span) {
  Attributes attributes;
  AddMethod(span.method, attributes);
  AddPeer(span.peer, span.kind, attributes);
  attributes.push_back({"rpc.grpc.status_code", int64_t{span.code}});
  std::size_t most = MostBytesOfName(span.method);
  for (const rpc::SpanAttribute& attribute : attributes) {
    most += MostBytesOf(attribute);
  }
  std::vector<uint8_t> buffer(most);
  FieldWriter writer(buffer.data());
  WriteName(span.method, span.kind, writer);
  for (const rpc::SpanAttribute& attribute : attributes) {
    WriteAttribute(attribute, writer);
  }
  return std::string(buffer.data(), writer.end());
}

}  // namespace

bool CallFields::IsOf(const Kept& kept, const rpc::Span& span) {
  return !kept.fields.empty() && kept.kind == span.kind &&
         kept.code == span.code && kept.method == span.method &&
         kept.peer == span.peer;
}

std::string_view CallFields::Of(const rpc::Span& span) {
  // Of the texts the peer alone is hashed: it has few methods. Where
  // absl::string_view is a type of its own, Abseil hashes the standard's by
  // std::hash, at three times the instructions.
  const std::size_t hash =
      absl::HashOf(span.kind, span.code, span.method.size(),
                   absl::string_view(span.peer.data(), span.peer.size()));
  Set& set = sets_[hash % sets_.size()];
  for (const Kept& kept : set.kept) {
    if (IsOf(kept, span)) return kept.fields;
  }
  Kept& kept = set.kept[set.next++ % set.kept.size()];
  kept.fields.clear();  // whatever is thrown, it is whole or empty
  kept.kind = span.kind;
  kept.method = span.method;
  kept.peer = span.peer;
  kept.code = span.code;
  kept.fields = FieldsOf(span);
  return kept.fields;
}

}  // namespace gather::ops
