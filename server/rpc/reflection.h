#ifndef GATHER_SERVER_RPC_REFLECTION_H_
#define GATHER_SERVER_RPC_REFLECTION_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace gather::rpc {

// What a server tells of itself by grpc.reflection: its services by name, and
// the proto files that are linked into the program. Pure: knows no call.
//
// Thread: any, once the services are added.
class Reflection {
 public:
  // Serialized google.protobuf.FileDescriptorProto: a file, and then those that
  // it imports, each once.
  using Files = std::vector<std::string>;

  void AddService(const std::string& name) { services_.insert(name); }
  const std::set<std::string>& services() const { return services_; }

  // NOT_FOUND for what no file has.
  static absl::StatusOr<Files> FileByName(const std::string& name);
  static absl::StatusOr<Files> FileOfSymbol(const std::string& symbol);
  static absl::StatusOr<Files> FileOfExtension(const std::string& message,
                                               int32_t number);
  static absl::StatusOr<std::vector<int32_t>> ExtensionsOf(
      const std::string& message);

 private:
  std::set<std::string> services_;
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_REFLECTION_H_
