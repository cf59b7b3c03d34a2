#include "server/ops/spans/call_fields.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
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

TEST(CallFieldsTest, CallsOfOnePeerAreToldApart) {
  const auto span = [](rpc::Span::Kind kind, std::string_view method) {
    rpc::Span call;
    call.kind = kind;
    call.method = method;
    call.peer = "ipv4:10.0.0.7:50053";
    return call;
  };
  const std::array<rpc::Span, 4> calls = {
      span(rpc::Span::Kind::kClient, "shop.v1.Shop/Buy"),
      span(rpc::Span::Kind::kClient, "shop.v1.Shop/Pay"),
      span(rpc::Span::Kind::kServer, "shop.v1.Shop/Buy"),
      span(rpc::Span::Kind::kServer, "shop.v1.Shop/Pay")};
  CallFields kept;
  std::set<std::string> all;
  for (int round = 0; round < 2; ++round) {  // made, and kept
    for (const rpc::Span& call : calls) {
      const std::string fields(kept.Of(call));
      EXPECT_NE(fields.find(call.method), std::string::npos);
      all.insert(fields);
    }
  }
  EXPECT_EQ(all.size(), calls.size());
}

}  // namespace
}  // namespace gather::ops
