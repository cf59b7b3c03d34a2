#ifndef GATHER_SERVER_OPS_METRICS_HTTP_SERVER_H_
#define GATHER_SERVER_OPS_METRICS_HTTP_SERVER_H_

#include <poll.h>

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "server/async/clock.h"
#include "server/ops/metrics/http_request.h"
#include "server/rpc/listen_sockets.h"

namespace gather::ops {

// Answers GET and HEAD over HTTP/1.1 on one thread, for the few programs that
// read a server's pages. None of its connections can hold up another: reads and
// writes never wait, and with 64 open, the one that has been quiet for longest
// makes room for the next. Half a request is given 5 s, a reader that takes
// nothing in 10 s, a connection without a request 5 minutes.
//
// Thread: made, stopped and destroyed on one; `handler` is called on its own.
class HttpServer {
 public:
  // What it throws ends the connection.
  using Handler = std::function<HttpResponse(const HttpRequest&)>;

  // UNAVAILABLE where there is no thread, or no descriptor, to be had.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(
      rpc::ListenSockets sockets, Handler handler);
  // Closes all connections.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Frees the address for another process: it is free once this returns.
  // Connections that stand are served on. Idempotent.
  void StopAccepting();

 private:
  class Connection;

  HttpServer(rpc::ListenSockets sockets, Handler handler, int wake_fd);
  void Run();
  void Turn();
  void Accept(int listener);
  void Look(Connection& connection, short events);
  std::vector<pollfd> Watched(bool accepting) const;

  rpc::ListenSockets sockets_;
  const Handler handler_;
  const int wake_fd_;
  std::list<Connection> connections_;
  async::Clock::time_point accept_from_{};
  std::atomic<bool> stop_accepting_ = false;
  std::atomic<bool> stopped_accepting_ = false;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_METRICS_HTTP_SERVER_H_
