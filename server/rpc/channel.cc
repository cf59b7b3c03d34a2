#include "server/rpc/channel.h"

#include <grpc/grpc.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/support/channel_arguments.h>

#include <climits>

namespace gather::rpc {
namespace {

// How calls are dealt out to the replicas of one backend; the numbers are
// explained in decisions/0017-replicas.md. gRPC 1.51 knows the policy by this
// name alone, and needs no environment variable for it here.
constexpr char kServiceConfig[] = R"({
  "loadBalancingConfig": [{"outlier_detection_experimental": {
    "interval": "0.2s",
    "baseEjectionTime": "30s",
    "maxEjectionPercent": 50,
    "failurePercentageEjection": {
      "threshold": 80,
      "enforcementPercentage": 100,
      "minimumHosts": 2,
      "requestVolume": 4
    },
    "childPolicy": [{"round_robin": {}}]
  }}],
  "healthCheckConfig": {"serviceName": ""}
})";

int Milliseconds(std::chrono::milliseconds duration) {
  return static_cast<int>(duration.count());
}

void SetKeepalive(const ChannelOptions& options, grpc::ChannelArguments& args) {
  args.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(options.keepalive_time));
  // Also how long the kernel waits for an acknowledgement (TCP_USER_TIMEOUT).
  args.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
              Milliseconds(options.keepalive_timeout));
  args.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS,
              options.keepalive_without_calls ? 1 : 0);
  // Or gRPC falls silent after two pings without data.
  args.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
}

void SetReconnect(const ChannelOptions& options, grpc::ChannelArguments& args) {
  args.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  // The name says nothing of it, but this is an attempt's timeout.
  args.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS,
              Milliseconds(options.connect_timeout));
  // gRPC adds up to a fifth: never 2 s, so that an answer is whole again
  // within 2 s of a backend's return.
  args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  args.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 1000);
  // Connected also after half an hour without a call: the next one, or the next
  // thousand, need not wait.
  args.SetInt(GRPC_ARG_CLIENT_IDLE_TIMEOUT_MS, INT_MAX);
}

}  // namespace

std::shared_ptr<grpc::Channel> MakeChannel(
    const std::string& target,
    const std::shared_ptr<grpc::ChannelCredentials>& credentials,
    const ChannelOptions& options) {
  grpc::ChannelArguments args;
  args.SetMaxReceiveMessageSize(options.max_reply_bytes);
  // Identity only: a small compressed reply inflates before its size is
  // checked.
  args.SetInt(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1);
  SetReconnect(options, args);
  SetKeepalive(options, args);
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // Nothing in gRPC reads this: channels share a connection where all of their
  // arguments are the same.
  args.SetInt("gather.connection", options.connection);
  args.SetServiceConfigJSON(kServiceConfig);
  // Retries are ours (decisions/0003-own-retries.md).
  args.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  return grpc::CreateCustomChannel(target, credentials, args);
}

}  // namespace gather::rpc
