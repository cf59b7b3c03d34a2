#include "server/async/corked_writes.h"

#include <grpcpp/alarm.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "server/async/completion.h"
#include "server/async/event_loop.h"

namespace gather::async {
namespace {

#ifdef __SANITIZE_THREAD__
constexpr bool kCorks = false;
#else
constexpr bool kCorks = true;
#endif

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

  void Write(std::string text) const {
    iovec bytes = {.iov_base = text.data(), .iov_len = text.size()};
    msghdr message = {};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    ASSERT_EQ(sendmsg(here_, &message, MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }

  // What has come: on loopback, what was sent is there.
  std::string Read() const {
    std::string text(1 << 20, '\0');
    const ssize_t length = recv(there_, text.data(), text.size(), MSG_DONTWAIT);
    text.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
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

TEST_F(CorkedWritesTest, WritesGoOutAtOnceWhereNothingIsCorked) {
  connection_.Write("a");
  EXPECT_EQ(connection_.Read(), "a");
}

TEST_F(CorkedWritesTest, WritesWaitForTheFlushAndGoOutTogether) {
  CorkWrites();
  connection_.Write("a");
  connection_.Write("b");
  EXPECT_EQ(connection_.Read(), "");
  FlushWrites();
  EXPECT_EQ(connection_.Read(), "ab");
  connection_.Write("c");
  EXPECT_EQ(connection_.Read(), "");
  UncorkWrites();
  EXPECT_EQ(connection_.Read(), "c");
  connection_.Write("d");
  EXPECT_EQ(connection_.Read(), "d");
}

TEST_F(CorkedWritesTest, EachConnectionIsFlushed) {
  const std::vector<Connection> connections(200);
  CorkWrites();
  for (const Connection& connection : connections) connection.Write("a");
  UncorkWrites();
  for (const Connection& connection : connections) {
    EXPECT_EQ(connection.Read(), "a");
  }
}

TEST_F(CorkedWritesTest, MuchDoesNotWait) {
  CorkWrites();
  const std::string much(100'000, 'a');
  connection_.Write(much);
  EXPECT_EQ(connection_.Read(), much);
}

TEST_F(CorkedWritesTest, OtherThreadsAreNotCorked) {
  CorkWrites();
  std::thread([this] { connection_.Write("a"); }).join();
  EXPECT_EQ(connection_.Read(), "a");
}

TEST_F(CorkedWritesTest, ASocketThatWasClosedIsNoError) {
  auto closed = std::make_unique<Connection>();
  CorkWrites();
  closed->Write("a");
  closed.reset();
  const Connection another;
  UncorkWrites();
  another.Write("b");
  EXPECT_EQ(another.Read(), "b");
}

TEST_F(CorkedWritesTest, ASocketThatIsNotTcpIsWrittenAtOnce) {
  std::array<int, 2> ends{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  CorkWrites();
  char letter = 'a';
  iovec bytes = {.iov_base = &letter, .iov_len = 1};
  msghdr message = {};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  EXPECT_EQ(sendmsg(ends[0], &message, 0), 1);
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
  // What had come to the other end right after.
  const std::string& read() const { return read_; }

 private:
  void Complete(bool) override {
    connection_.Write("a");
    read_ = connection_.Read();
  }

  const Connection& connection_;
  grpc::Alarm alarm_;
  std::string read_;
};

TEST_F(CorkedWritesTest, WhatALoopsTurnWritesGoesOutTogether) {
  constexpr std::size_t kSteps = 200;
  EventLoop loop;
  std::vector<std::unique_ptr<Writer>> steps;
  for (std::size_t i = 0; i < kSteps; ++i) {
    steps.push_back(std::make_unique<Writer>(loop, connection_));
  }
  loop.Shutdown();
  loop.Run();

  std::size_t read = connection_.Read().size();
  std::size_t reads = 1;
  for (const auto& step : steps) {
    read += step->read().size();
    reads += step->read().empty() ? 0 : 1;
  }
  EXPECT_EQ(read, kSteps);
  // The first ones, before the loop knows that its turns are long; then one in
  // 64.
  EXPECT_LT(reads, 20U);
  EXPECT_GT(reads, 2U);
  connection_.Write("b");
  EXPECT_EQ(connection_.Read(), "b") << "still corked";
}

}  // namespace
}  // namespace gather::async
