#include "server/ops/metrics/http_server.h"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace gather::ops {
namespace {

using async::Clock;
using namespace std::chrono_literals;

constexpr std::size_t kMaxConnections = 64;
constexpr Clock::duration kRequestTimeout = 5s;
constexpr Clock::duration kWriteTimeout = 10s;
constexpr Clock::duration kIdleTimeout = 5min;
// Where the process has no descriptors left, the next accept(2) fails as well.
constexpr Clock::duration kAcceptBackOff = 100ms;
constexpr int kPollMs = 1000;  // of timeouts, none of which is urgent

}  // namespace

// Owns its socket.
class HttpServer::Connection {
 public:
  explicit Connection(int fd) : fd_(fd) {}
  ~Connection() { close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int fd() const { return fd_; }
  bool writes() const { return written_ < out_.size(); }
  bool ended() const { return ended_; }
  Clock::time_point since() const { return since_; }

  void End() { ended_ = true; }

  void EndIfLate(Clock::time_point now) {
    const Clock::duration allowed = writes()       ? kWriteTimeout
                                    : !in_.empty() ? kRequestTimeout
                                                   : kIdleTimeout;
    if (now - since_ > allowed) ended_ = true;
  }

  void Read() {
    char bytes[4096];
    const ssize_t size = recv(fd_, bytes, sizeof(bytes), 0);
    if (size > 0) {
      if (in_.empty()) since_ = Clock::now();
      in_.append(bytes, static_cast<std::size_t>(size));
    } else if (size == 0 || (errno != EAGAIN && errno != EINTR)) {
      ended_ = true;
    }
  }

  // Answers what has come in, as far as the other side takes it.
  void Answer(const Handler& handler) {
    while (!ended_) {
      if (writes() && !Write()) return;
      if (last_) {
        ended_ = true;
        return;
      }
      const auto request = TakeHttpRequest(in_);
      if (!request.ok()) {
        Send(absl::StrCat("HTTP/1.1 ", request.status().message(),
                          "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
             /*last=*/true);
      } else if (!*request) {
        return;
      } else {
        Send(
            FormatHttpResponse(handler(**request), (*request)->method == "HEAD",
                               (*request)->keep_alive),
            !(*request)->keep_alive);
      }
    }
  }

 private:
  void Send(std::string text, bool last) {
    out_ = std::move(text);
    written_ = 0;
    last_ = last;
    since_ = Clock::now();
  }

  // Whether all of it is out.
  bool Write() {
    const ssize_t size =
        send(fd_, out_.data() + written_, out_.size() - written_, MSG_NOSIGNAL);
    if (size < 0) {
      ended_ = errno != EAGAIN && errno != EINTR;
      return false;
    }
    written_ += static_cast<std::size_t>(size);
    since_ = Clock::now();
    return !writes();
  }

  const int fd_;
  std::string in_;
  std::string out_;
  std::size_t written_ = 0;
  bool last_ = false;  // nothing is answered after what is in out_
  bool ended_ = false;
  Clock::time_point since_ = Clock::now();
};

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(
    rpc::ListenSockets sockets, Handler handler) {
  const int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_fd < 0) return absl::UnavailableError("no descriptors left");
  std::unique_ptr<HttpServer> server(
      new HttpServer(std::move(sockets), std::move(handler), wake_fd));
  try {
    server->thread_ = std::thread([self = server.get()] { self->Run(); });
  } catch (const std::exception& error) {
    return absl::UnavailableError(error.what());
  }
  return server;
}

HttpServer::HttpServer(rpc::ListenSockets sockets, Handler handler, int wake_fd)
    : sockets_(std::move(sockets)),
      handler_(std::move(handler)),
      wake_fd_(wake_fd) {}

HttpServer::~HttpServer() {
  stop_ = true;
  (void)eventfd_write(wake_fd_, 1);
  if (thread_.joinable()) thread_.join();
  close(wake_fd_);
}

void HttpServer::StopAccepting() {
  stop_accepting_ = true;
  (void)eventfd_write(wake_fd_, 1);
  stopped_accepting_.wait(false);
}

std::vector<pollfd> HttpServer::Watched(bool accepting) const {
  std::vector<pollfd> polled = {{wake_fd_, POLLIN, 0}};
  for (const Connection& connection : connections_) {
    const bool writes = connection.writes();
    polled.push_back(
        {connection.fd(), static_cast<short>(writes ? POLLOUT : POLLIN), 0});
  }
  if (!accepting) return polled;
  for (const int fd : sockets_.fds()) polled.push_back({fd, POLLIN, 0});
  return polled;
}

void HttpServer::Run() {
  while (!stop_) {
    if (stop_accepting_ && !stopped_accepting_) {
      sockets_.Close();
      stopped_accepting_ = true;
      stopped_accepting_.notify_all();
    }
    try {
      Turn();
    } catch (const std::exception&) {
      connections_.clear();  // no memory: they are what there is to give back
    }
  }
  connections_.clear();
}

void HttpServer::Turn() {
  const bool accepting = Clock::now() >= accept_from_;
  std::vector<pollfd> polled = Watched(accepting);
  const bool waits_for_time = !connections_.empty() || !accepting;
  poll(polled.data(), polled.size(), waits_for_time ? kPollMs : -1);
  eventfd_t ignored = 0;
  if (polled[0].revents != 0) (void)eventfd_read(wake_fd_, &ignored);
  std::size_t place = 1;
  for (Connection& connection : connections_) {
    Look(connection, polled[place++].revents);
  }
  for (; place < polled.size(); ++place) {
    if (polled[place].revents != 0) Accept(polled[place].fd);
  }
  connections_.remove_if([](const Connection& c) { return c.ended(); });
}

void HttpServer::Look(Connection& connection, short events) {
  if (events != 0 && !connection.writes()) connection.Read();
  if (events != 0) {
    try {
      connection.Answer(handler_);
    } catch (const std::exception&) {
      connection.End();
    }
  }
  connection.EndIfLate(Clock::now());
}

void HttpServer::Accept(int listener) {
  const int fd =
      accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    const bool shortage = errno == EMFILE || errno == ENFILE ||
                          errno == ENOBUFS || errno == ENOMEM;
    if (shortage) accept_from_ = Clock::now() + kAcceptBackOff;
    return;
  }
  if (connections_.size() >= kMaxConnections) {
    connections_.erase(
        std::min_element(connections_.begin(), connections_.end(),
                         [](const Connection& a, const Connection& b) {
                           return a.since() < b.since();
                         }));
  }
  connections_.emplace_back(fd);
}

}  // namespace gather::ops
