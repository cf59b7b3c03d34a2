#include "client/channel.h"

#include <memory>
#include <string>

#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"

namespace gather::client {

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& target) {
  grpc::ChannelArguments arguments;
  // gRPC would send a call to localhost through $http_proxy.
  arguments.SetInt("grpc.enable_http_proxy", 0);
  arguments.SetUserAgentPrefix("gatherctl");
  return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(),
                                   arguments);
}

}  // namespace gather::client
