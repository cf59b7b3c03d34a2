#ifndef GATHER_TESTS_BENCH_LOAD_ADDRESS_H_
#define GATHER_TESTS_BENCH_LOAD_ADDRESS_H_

#include <sys/socket.h>

#include <string>

#include "absl/status/statusor.h"

namespace gather::bench {

struct Address {
  std::string name;  // as it was given: the calls' authority
  sockaddr_storage socket{};
  socklen_t size = 0;
};

// Resolves "127.0.0.1:50051", "[::1]:50051" or "localhost:50051" to its first
// address. Blocks. INVALID_ARGUMENT, with the name, if there is none.
absl::StatusOr<Address> ResolveAddress(const std::string& name);

}  // namespace gather::bench

#endif  // GATHER_TESTS_BENCH_LOAD_ADDRESS_H_
