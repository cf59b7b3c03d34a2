#include "server/rpc/grpc_workarounds/channelz.h"

#include <grpc/grpc.h>
#include <grpc/support/alloc.h>

#include "absl/strings/numbers.h"

namespace gather::rpc {
namespace {

// Takes ownership; empty for null.
std::string Take(char* json) {
  std::string taken = json != nullptr ? json : "";
  gpr_free(json);
  return taken;
}

// The values of all string fields of that name, in order. No parser: gRPC
// writes no blanks, none of the values that are asked for can hold a quote, and
// google.protobuf.Struct of an uninstrumented library crashes under
// ThreadSanitizer, which its header gives another layout.
std::vector<std::string> ValuesOf(const std::string& json,
                                  const std::string& name) {
  const std::string key = '"' + name + "\":\"";
  std::vector<std::string> values;
  for (std::size_t at = json.find(key); at != std::string::npos;
       at = json.find(key, at)) {
    at += key.size();
    values.push_back(json.substr(at, json.find('"', at) - at));
  }
  return values;
}

// 64-bit numbers are strings in protobuf's JSON, and left out where they are 0.
int64_t SumOf(const std::string& json, const std::string& name) {
  int64_t sum = 0;
  for (const std::string& value : ValuesOf(json, name)) {
    int64_t number = 0;
    if (absl::SimpleAtoi(value, &number)) sum += number;
  }
  return sum;
}

std::vector<int64_t> IdsOf(const std::string& json, const std::string& name) {
  std::vector<int64_t> ids;
  for (const std::string& value : ValuesOf(json, name)) {
    if (!absl::SimpleAtoi(value, &ids.emplace_back())) ids.pop_back();
  }
  return ids;
}

ConnectionCounts CountsOf(int64_t id) {
  const std::string socket = Take(grpc_channelz_get_socket(id));
  // "chttp2 ipv4:127.0.0.1:50051"
  const std::vector<std::string> names = ValuesOf(socket, "name");
  const std::string name = names.empty() ? "" : names.front();
  const int64_t failed = SumOf(socket, "streamsFailed");
  return {.id = id,
          .peer = name.substr(name.rfind(' ') + 1),
          .streams_failed = failed,
          .streams_left = SumOf(socket, "streamsStarted") -
                          SumOf(socket, "streamsSucceeded") - failed,
          .messages = SumOf(socket, "messagesReceived")};
}

void AddConnectionsOf(int64_t server,
                      std::vector<ConnectionCounts>& connections) {
  int64_t next = 0;
  bool end = false;
  while (!end) {
    const std::string page =
        Take(grpc_channelz_get_server_sockets(server, next, 0));
    const std::vector<int64_t> ids = IdsOf(page, "socketId");
    for (const int64_t id : ids) connections.push_back(CountsOf(id));
    end = ids.empty() || page.find("\"end\":true") != std::string::npos;
    if (!ids.empty()) next = ids.back() + 1;
  }
}

}  // namespace

int64_t CountCallsNotOk() {
  const std::string servers = Take(grpc_channelz_get_servers(0));
  return SumOf(servers, "callsStarted") - SumOf(servers, "callsSucceeded");
}

std::vector<ConnectionCounts> ListConnections() {
  std::vector<ConnectionCounts> connections;
  const std::string servers = Take(grpc_channelz_get_servers(0));
  for (const int64_t server : IdsOf(servers, "serverId")) {
    AddConnectionsOf(server, connections);
  }
  return connections;
}

}  // namespace gather::rpc
