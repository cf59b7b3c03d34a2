#include "server/ops/spans/call_fields.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace gather::ops {
namespace {

TEST(CallFieldsTest, FourCallsKeepTheirPlacesWhateverTheirHashes) {
  // Many fours, so that some have hashes that are the same where it counts.
  for (int i = 0; i < 1000; ++i) {
    CallFields kept;
    std::array<std::string, 4> peers;
    std::array<std::string_view, 4> first;
    const auto of = [&](std::size_t call) {
      rpc::Span span;
      span.method = "gather.user.v1.UserService/GetUser";
      span.peer = peers[call];
      return kept.Of(span);
    };
    for (std::size_t call = 0; call < peers.size(); ++call) {
      peers[call] =
          "ipv4:10.0.0." + std::to_string(call) + ":" + std::to_string(1 + i);
      first[call] = of(call);
    }
    for (std::size_t call = 0; call < peers.size(); ++call) {
      ASSERT_EQ(of(call).data(), first[call].data()) << "written anew";
    }
  }
}

TEST(CallFieldsTest, AnyNumberOfCallsHaveTheirOwn) {
  CallFields kept;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 500; ++i) {
      rpc::Span span;
      const std::string peer = "unix:/peer-" + std::to_string(i) + "-";
      span.method = "package.Service/Method";
      span.peer = peer;
      const std::string_view fields = kept.Of(span);
      ASSERT_NE(fields.find("/peer-" + std::to_string(i) + "-"),
                std::string_view::npos);
    }
  }
}

}  // namespace
}  // namespace gather::ops
