#ifndef GATHER_TESTS_FUZZ_REPLY_INPUT_H_
#define GATHER_TESTS_FUZZ_REPLY_INPUT_H_

#include <grpcpp/support/status.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <string_view>

#include "server/rpc/client_call.h"

// What an input says of the backends' calls: for each section of the product in
// turn, a byte that says how its call ended (see EndOf), the reply's length in
// two bytes, little-endian, and the reply; then a byte for the order in which
// the sections land (see OrderOf). Where the input ends early, the rest is
// empty.
namespace gather::fanout {

class Input {
 public:
  Input(const uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  uint8_t Byte() {
    return rest_.empty() ? 0 : static_cast<uint8_t>(Take(1)[0]);
  }
  std::string Reply() {
    const std::size_t low = Byte();
    const std::size_t high = Byte();
    return std::string(Take(low | high << 8));
  }

 private:
  std::string_view Take(std::size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }

  std::string_view rest_;
};

// How a branch's last call ended: bits 0 to 4 are gRPC's code, which may be
// none of the canonical ones; bit 5: the section was not requested; bit 6: it
// is required; bit 7: the code is gRPC's on this side, not the backend's.
struct EndOf {
  explicit EndOf(uint8_t byte)
      : code(static_cast<grpc::StatusCode>(byte & 31)),
        requested((byte & 32) == 0),
        required(requested && (byte & 64) != 0),
        answered((byte & 128) == 0) {}

  rpc::CallEnd call_end() const {
    if (answered) return rpc::CallEnd::kAnswered;
    return code == grpc::StatusCode::RESOURCE_EXHAUSTED
               ? rpc::CallEnd::kReplyTooLarge
               : rpc::CallEnd::kFailed;
  }

  grpc::StatusCode code;
  bool requested;
  bool required;
  bool answered;
};

// The permutation of that number: 0 is the order of the list.
template <std::size_t Size>
std::array<std::size_t, Size> OrderOf(uint8_t number) {
  std::array<std::size_t, Size> order;
  std::iota(order.begin(), order.end(), 0);
  while (number-- > 0) std::next_permutation(order.begin(), order.end());
  return order;
}

}  // namespace gather::fanout

#endif  // GATHER_TESTS_FUZZ_REPLY_INPUT_H_
