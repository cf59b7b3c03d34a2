#include "server/rpc/channelz.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <grpc/grpc.h>
#include <grpc/support/alloc.h>

#include <memory>
#include <utility>

#include "absl/strings/numbers.h"

namespace gather::rpc {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

// Takes ownership; empty for null and for what is no JSON.
Struct Parse(char* json) {
  const std::unique_ptr<char, decltype(&gpr_free)> owned(json, &gpr_free);
  Struct parsed;
  if (json == nullptr ||
      !google::protobuf::util::JsonStringToMessage(json, &parsed).ok()) {
    parsed.Clear();
  }
  return parsed;
}

// The field of that name; an empty value where there is none.
const Value& Get(const Struct& object, const char* name) {
  const auto found = object.fields().find(name);
  return found == object.fields().end() ? Value::default_instance()
                                        : found->second;
}
const Struct& GetObject(const Struct& object, const char* name) {
  return Get(object, name).struct_value();
}

// 64-bit numbers are strings in protobuf's JSON, and left out where they are 0.
int64_t GetNumber(const Struct& object, const char* name) {
  int64_t number = 0;
  const bool good = absl::SimpleAtoi(Get(object, name).string_value(), &number);
  return good ? number : 0;
}

Struct Servers() { return Parse(grpc_channelz_get_servers(0)); }

void AddConnection(int64_t id, std::vector<ConnectionCounts>& connections) {
  const Struct answer = Parse(grpc_channelz_get_socket(id));
  const Struct& socket = GetObject(answer, "socket");
  // "chttp2 ipv4:127.0.0.1:50051"
  const std::string& name =
      Get(GetObject(socket, "ref"), "name").string_value();
  connections.push_back({.id = id,
                         .peer = name.substr(name.rfind(' ') + 1),
                         .streams_failed = GetNumber(GetObject(socket, "data"),
                                                     "streamsFailed")});
}

void AddConnectionsOf(int64_t server,
                      std::vector<ConnectionCounts>& connections) {
  int64_t next = 0;
  bool end = false;
  while (!end) {
    const Struct page =
        Parse(grpc_channelz_get_server_sockets(server, next, 0));
    const auto& refs = Get(page, "socketRef").list_value().values();
    for (const Value& ref : refs) {
      const int64_t id = GetNumber(ref.struct_value(), "socketId");
      AddConnection(id, connections);
      next = id + 1;
    }
    end = refs.empty() || Get(page, "end").bool_value();
  }
}

}  // namespace

int64_t CountCallsStarted() {
  int64_t calls = 0;
  const Struct servers = Servers();
  for (const Value& server : Get(servers, "server").list_value().values()) {
    calls +=
        GetNumber(GetObject(server.struct_value(), "data"), "callsStarted");
  }
  return calls;
}

std::vector<ConnectionCounts> ListConnections() {
  std::vector<ConnectionCounts> connections;
  const Struct servers = Servers();
  for (const Value& server : Get(servers, "server").list_value().values()) {
    AddConnectionsOf(
        GetNumber(GetObject(server.struct_value(), "ref"), "serverId"),
        connections);
  }
  return connections;
}

}  // namespace gather::rpc
