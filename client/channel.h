#ifndef GATHER_CLIENT_CHANNEL_H_
#define GATHER_CLIENT_CHANNEL_H_

#include <memory>
#include <string>

#include "grpcpp/channel.h"

namespace gather::client {

// A channel to `target`, in plain text. Connects with the first call; a target
// that can't be reached shows there, as UNAVAILABLE.
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& target);

}  // namespace gather::client

#endif  // GATHER_CLIENT_CHANNEL_H_
