#include "server/rpc/grpc_workarounds/open_connections.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace gather::rpc {
namespace {

constexpr char kLoopback[] = "127.0.0.1";

// A descriptor that closes itself.
class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

sockaddr_in6 AddressOf(const std::string& host, unsigned scope) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_scope_id = scope;
  const std::string v6 =
      host == kLoopback ? absl::StrCat("::ffff:", host) : host;
  EXPECT_EQ(inet_pton(AF_INET6, v6.c_str(), &address.sin6_addr), 1);
  return address;
}

int PortOf(int fd) {
  sockaddr_in6 address{};
  socklen_t size = sizeof(address);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin6_port);
}

// A connection of this process to itself, as to a server on all addresses.
class Connection {
 public:
  explicit Connection(const std::string& host, unsigned scope = 0)
      : address_(AddressOf(host, scope)) {
    auto* const address = reinterpret_cast<sockaddr*>(&address_);
    EXPECT_EQ(bind(listener_.get(), address, sizeof(address_)), 0);
    EXPECT_EQ(listen(listener_.get(), 1), 0);
    address_.sin6_port = htons(static_cast<uint16_t>(port()));
    EXPECT_EQ(connect(client_.get(), address, sizeof(address_)), 0);
    server_.emplace(accept(listener_.get(), nullptr, nullptr));
    EXPECT_GE(server_->get(), 0);
  }

  int port() const { return PortOf(listener_.get()); }
  int client_port() const { return PortOf(client_.get()); }
  // Whether the client sees its end.
  bool ended() const {
    char byte = 0;
    return recv(client_.get(), &byte, 1, MSG_DONTWAIT) == 0;
  }

 private:
  sockaddr_in6 address_;
  const Fd listener_{socket(AF_INET6, SOCK_STREAM, 0)};
  const Fd client_{socket(AF_INET6, SOCK_STREAM, 0)};
  std::optional<Fd> server_;
};

bool HasAddress(const std::string& host) {
  const Fd fd(socket(AF_INET6, SOCK_STREAM, 0));
  sockaddr_in6 address = AddressOf(host, 0);
  return bind(fd.get(), reinterpret_cast<sockaddr*>(&address),
              sizeof(address)) == 0;
}

class OpenConnectionsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!HasAddress(kLoopback)) GTEST_SKIP() << "no sockets of IPv6";
    auto opened = OpenConnections::Open();
    ASSERT_TRUE(opened.ok()) << opened.status();
    connections_ = *std::move(opened);
  }

  std::unique_ptr<OpenConnections> connections_;
};

TEST_F(OpenConnectionsTest, CountsConnectionsAndNotTheListener) {
  EXPECT_EQ(connections_->CountConnections({1}), 0);
  const Connection connection(kLoopback);
  EXPECT_EQ(connections_->CountConnections({connection.port()}), 1);
}

TEST_F(OpenConnectionsTest, EndsTheConnectionOfThatPeerAlone) {
  const Connection one(kLoopback);
  const Connection two(kLoopback);
  const std::string peer = absl::StrCat("ipv4:127.0.0.1:", one.client_port());
  EXPECT_FALSE(connections_->EndConnection({two.port()}, peer));
  EXPECT_TRUE(connections_->EndConnection({one.port()}, peer));
  EXPECT_TRUE(one.ended());
  EXPECT_FALSE(two.ended());
}

TEST_F(OpenConnectionsTest, KnowsAPeerOfIpv6HoweverItIsWritten) {
  if (!HasAddress("::1")) GTEST_SKIP() << "no address of IPv6";
  for (const char* host : {"[::1]", "%5B::1%5D"}) {
    const Connection connection("::1");
    EXPECT_TRUE(connections_->EndConnection(
        {connection.port()},
        absl::StrCat("ipv6:", host, ":", connection.client_port())));
    EXPECT_TRUE(connection.ended());
  }
}

TEST_F(OpenConnectionsTest, KnowsALinkLocalPeer) {
  ifaddrs* all = nullptr;
  ASSERT_EQ(getifaddrs(&all), 0);
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(all,
                                                               &freeifaddrs);
  for (const ifaddrs* each = all; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr || each->ifa_addr->sa_family != AF_INET6) {
      continue;
    }
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(each->ifa_addr);
    if (!IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr)) continue;
    char host[INET6_ADDRSTRLEN] = {};
    inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
    const Connection connection(host, v6->sin6_scope_id);
    EXPECT_TRUE(connections_->EndConnection(
        {connection.port()},
        absl::StrCat("ipv6:%5B", host, "%25", v6->sin6_scope_id,
                     "%5D:", connection.client_port())));
    EXPECT_TRUE(connection.ended());
    return;
  }
  GTEST_SKIP() << "no interface has such an address";
}

TEST_F(OpenConnectionsTest, NeedsNoDescriptor) {
  const Connection connection(kLoopback);
  std::vector<std::unique_ptr<Fd>> all;
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit low{.rlim_cur = 64, .rlim_max = limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  while (true) {
    auto fd = std::make_unique<Fd>(dup(STDOUT_FILENO));
    if (fd->get() < 0) break;
    all.push_back(std::move(fd));
  }
  EXPECT_EQ(connections_->CountConnections({connection.port()}), 1);
  EXPECT_TRUE(connections_->EndConnection(
      {connection.port()},
      absl::StrCat("ipv4:127.0.0.1:", connection.client_port())));
  EXPECT_TRUE(connection.ended());
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

TEST_F(OpenConnectionsTest, KeepsNoConnectionOpen) {
  auto others =
      OpenConnections::Open();  // one does not count what it has itself
  ASSERT_TRUE(others.ok());
  int port = 0;
  {
    const Connection connection(kLoopback);
    port = connection.port();
    EXPECT_FALSE(connections_->EndConnection({port}, "ipv4:127.0.0.1:1"));
    EXPECT_TRUE(connections_->EndConnection(
        {port}, absl::StrCat("ipv4:127.0.0.1:", connection.client_port())));
  }
  EXPECT_EQ((*others)->CountConnections({port}), 0);
}

TEST_F(OpenConnectionsTest, KnowsThoseOfASocketFile) {
  const std::string path = ::testing::TempDir() + "open_connections.sock";
  auto sockets = ListenSockets::Open("unix:" + path);
  ASSERT_TRUE(sockets.ok()) << sockets.status();
  const ListenPlace place = sockets->place();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const Fd client(socket(AF_UNIX, SOCK_STREAM, 0));
  ASSERT_EQ(connect(client.get(), reinterpret_cast<sockaddr*>(&address),
                    sizeof(address)),
            0);
  EXPECT_EQ(connections_->CountConnections(place), 0);
  const Fd server(accept(sockets->fds()[0], nullptr, nullptr));
  EXPECT_EQ(connections_->CountConnections(place), 1);
  EXPECT_FALSE(connections_->EndConnection(place, "unix:"));
  connections_->EndConnections(place);
  char byte = 0;
  EXPECT_EQ(recv(client.get(), &byte, 1, MSG_DONTWAIT), 0);
}

TEST_F(OpenConnectionsTest, EndsAllConnectionsOfAPort) {
  const Connection one(kLoopback);
  const Connection other(kLoopback);
  connections_->EndConnections({one.port()});
  EXPECT_TRUE(one.ended());
  EXPECT_FALSE(other.ended());
}

}  // namespace
}  // namespace gather::rpc
