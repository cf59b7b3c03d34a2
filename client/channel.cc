#include "client/channel.h"

#include <memory>
#include <string>

#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"

namespace gather::client {

namespace {

// gRPC's own limit of 4 MB is that of an aggregator for each backend: an answer
// made of several is larger.
constexpr int kMaxReceiveBytes = 64 * 1024 * 1024;

std::shared_ptr<grpc::ChannelCredentials> Credentials(
    const ops::TlsFiles& tls) {
  if (tls.ca.path.empty()) return grpc::InsecureChannelCredentials();
  const auto read = ops::ReadTlsFiles(tls);
  const ops::TlsMaterial material = read.ok() ? *read : ops::TlsMaterial();
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = material.roots;
  options.pem_private_key = material.key;
  options.pem_cert_chain = material.chain;
  return grpc::SslCredentials(options);
}

}  // namespace

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& target,
                                           const ops::TlsFiles& tls) {
  grpc::ChannelArguments arguments;
  // gRPC would send a call to localhost through $http_proxy.
  arguments.SetInt("grpc.enable_http_proxy", 0);
  arguments.SetUserAgentPrefix("gatherctl");
  arguments.SetMaxReceiveMessageSize(kMaxReceiveBytes);
  return grpc::CreateCustomChannel(target, Credentials(tls), arguments);
}

}  // namespace gather::client
