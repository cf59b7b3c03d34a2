#ifndef GATHER_CLIENT_HEALTH_H_
#define GATHER_CLIENT_HEALTH_H_

#include <string>
#include <vector>

namespace gather::client {

// `gatherctl health`: asks grpc.health.v1.Health for --service and prints its
// state. Exits with kComplete if and only if that is SERVING.
int RunHealth(const std::vector<std::string>& arguments);

}  // namespace gather::client

#endif  // GATHER_CLIENT_HEALTH_H_
