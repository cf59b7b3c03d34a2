#include "server/async/corked_writes.h"

#include <grpcpp/alarm.h>
#include <grpcpp/version_info.h>
#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_join.h"
#include "server/async/completion.h"
#include "server/async/event_loop.h"

namespace gather::async {
namespace {

#ifdef __SANITIZE_THREAD__
constexpr bool kCorks = false;
#else
constexpr bool kCorks = true;
#endif

// As gRPC writes.
ssize_t Send(int socket, std::vector<std::string> texts) {
  std::vector<iovec> pieces;
  for (std::string& text : texts) {
    pieces.push_back({.iov_base = text.data(), .iov_len = text.size()});
  }
  msghdr message = {};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  return sendmsg(socket, &message, MSG_NOSIGNAL);
}
ssize_t Send(int socket, const std::string& text) {
  return Send(socket, std::vector<std::string>{text});
}

// Both ends of a TCP connection, which sends at once what is written, as
// gRPC's do.
class Connection {
 public:
  Connection() {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(listener, any, size), 0);
    EXPECT_EQ(listen(listener, 1), 0);
    EXPECT_EQ(getsockname(listener, any, &size), 0);
    here_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(connect(here_, any, size), 0);
    there_ = accept(listener, nullptr, nullptr);
    close(listener);
    const int on = 1;
    EXPECT_EQ(setsockopt(here_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    close(here_);
    close(there_);
  }

  void Write(const std::string& text) const {
    ASSERT_EQ(Send(here_, text), static_cast<ssize_t>(text.size()));
  }

  void Write(const std::vector<std::string>& texts) const {
    const std::string all = absl::StrJoin(texts, "");
    ASSERT_EQ(Send(here_, texts), static_cast<ssize_t>(all.size()));
  }

  // Whether something waits here. Not for long: an acknowledgement of what went
  // before sends it.
  bool HoldsBack() const {
    int bytes = 0;
    EXPECT_EQ(ioctl(here_, SIOCOUTQNSD, &bytes), 0);
    return bytes > 0;
  }

  // The next so many bytes that come to the other end.
  std::string Read(std::size_t length) const {
    std::string text(length, '\0');
    std::size_t read = 0;
    while (read < length) {
      pollfd readable = {.fd = there_, .events = POLLIN, .revents = 0};
      if (poll(&readable, 1, 10'000) != 1) break;
      const ssize_t more = recv(there_, &text[read], length - read, 0);
      if (more <= 0) break;
      read += static_cast<std::size_t>(more);
    }
    text.resize(read);
    return text;
  }

 private:
  int here_ = -1;
  int there_ = -1;
};

class CorkedWritesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!kCorks) GTEST_SKIP() << "not with ThreadSanitizer";
  }
  void TearDown() override { UncorkWrites(); }

  Connection connection_;
};

TEST_F(CorkedWritesTest, PiecesArriveInTheirOrderWhateverTheirSizes) {
  const std::vector<std::vector<std::size_t>> messages = {
      {20},
      {20, 1, 55, 23, 23, 1},
      {23, 3, 1074, 23, 1, 55, 13},
      {0, 128, 129, 0, 127, 5000, 0},
      std::vector<std::size_t>(60, 20),   // more than are joined
      std::vector<std::size_t>(60, 200),  // larger than are joined
      {1, 200, 1, 200, 1, 200, 1, 200, 1, 200, 1, 200, 1, 200, 1, 200, 1, 200},
  };
  const Connection connection;
  CorkWrites();
  std::string written;
  for (const std::vector<std::size_t>& sizes : messages) {
    std::vector<std::string> pieces;
    for (const std::size_t size : sizes) {
      std::string& piece = pieces.emplace_back();
      while (piece.size() < size) {
        piece += static_cast<char>('a' + (written.size() + piece.size()) % 23);
      }
      written += piece;
    }
    connection.Write(pieces);
  }
  UncorkWrites();
  EXPECT_EQ(connection.Read(written.size()), written);
}

TEST_F(CorkedWritesTest, WritesGoOutAtOnceWhereNothingIsCorked) {
  connection_.Write("a");
  EXPECT_FALSE(connection_.HoldsBack());
  EXPECT_EQ(connection_.Read(1), "a");
}

TEST_F(CorkedWritesTest, WritesWaitForTheFlushAndGoOutTogether) {
  CorkWrites();
  connection_.Write("a");
  connection_.Write("b");
  EXPECT_TRUE(connection_.HoldsBack());
  FlushWrites();
  EXPECT_FALSE(connection_.HoldsBack());
  EXPECT_EQ(connection_.Read(2), "ab");
  UncorkWrites();
  connection_.Write("c");
  EXPECT_FALSE(connection_.HoldsBack());
  EXPECT_EQ(connection_.Read(1), "c");
}

TEST_F(CorkedWritesTest, EachConnectionIsFlushed) {
  const std::vector<Connection> connections(200);
  CorkWrites();
  for (const Connection& connection : connections) connection.Write("a");
  UncorkWrites();
  for (const Connection& connection : connections) {
    EXPECT_FALSE(connection.HoldsBack());
    EXPECT_EQ(connection.Read(1), "a");
  }
}

TEST_F(CorkedWritesTest, MuchDoesNotWait) {
  CorkWrites();
  const std::string much(100'000, 'a');
  connection_.Write(much);
  EXPECT_EQ(connection_.Read(much.size()), much);
}

TEST_F(CorkedWritesTest, OtherThreadsAreNotCorked) {
  CorkWrites();
  std::thread([this] { connection_.Write("a"); }).join();
  EXPECT_FALSE(connection_.HoldsBack());
  EXPECT_EQ(connection_.Read(1), "a");
}

TEST_F(CorkedWritesTest, ASocketThatWasClosedIsNoError) {
  auto closed = std::make_unique<Connection>();
  CorkWrites();
  closed->Write("a");
  closed.reset();
  const Connection another;
  UncorkWrites();
  another.Write("b");
  EXPECT_EQ(another.Read(1), "b");
}

TEST_F(CorkedWritesTest, ASocketThatIsNotTcpIsWrittenAtOnce) {
  std::array<int, 2> ends{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  CorkWrites();
  EXPECT_EQ(Send(ends[0], "a"), 1);
  char letter = 0;
  EXPECT_EQ(recv(ends[1], &letter, 1, MSG_DONTWAIT), 1);
  UncorkWrites();
  close(ends[0]);
  close(ends[1]);
}

TEST_F(CorkedWritesTest, TheErrorIsTheKernels) {
  CorkWrites();
  const msghdr message = {};
  EXPECT_EQ(sendmsg(-1, &message, 0), -1);
  EXPECT_EQ(errno, EBADF);
}

// A step of a loop that writes.
class Writer final : public Completion {
 public:
  Writer(EventLoop& loop, const Connection& connection)
      : connection_(connection) {
    alarm_.Set(loop.queue(), gpr_time_0(GPR_CLOCK_MONOTONIC), tag());
  }
  // Whether that waited.
  bool held() const { return held_; }

 private:
  void Complete(bool) override {
    connection_.Write("a");
    held_ = connection_.HoldsBack();
  }

  const Connection& connection_;
  grpc::Alarm alarm_;
  bool held_ = false;
};

TEST_F(CorkedWritesTest, WhatALoopsTurnWritesGoesOutTogether) {
  // Newer ones have threads that queue alarms, one by one.
  if (GRPC_CPP_VERSION_MINOR > 51) GTEST_SKIP() << "no long turn can be made";
  constexpr std::size_t kSteps = 500;
  EventLoop loop;
  std::vector<std::unique_ptr<Writer>> steps;
  for (std::size_t i = 0; i < kSteps; ++i) {
    steps.push_back(std::make_unique<Writer>(loop, connection_));
  }
  loop.Shutdown();
  loop.Run();

  const auto held = static_cast<std::size_t>(
      std::count_if(steps.begin(), steps.end(),
                    [](const auto& step) { return step->held(); }));
  EXPECT_FALSE(steps.front()->held()) << "a turn may have one step";
  // But for the first ones, before the loop knows that its turns are long.
  EXPECT_GT(held, kSteps / 2);
  EXPECT_EQ(connection_.Read(kSteps), std::string(kSteps, 'a'));
  connection_.Write("b");
  EXPECT_FALSE(connection_.HoldsBack()) << "still corked";
}

}  // namespace
}  // namespace gather::async
