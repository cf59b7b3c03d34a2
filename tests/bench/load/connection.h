#ifndef GATHER_TESTS_BENCH_LOAD_CONNECTION_H_
#define GATHER_TESTS_BENCH_LOAD_CONNECTION_H_

#include <nghttp2/nghttp2.h>
#include <poll.h>

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "server/async/clock.h"
#include "tests/bench/load/address.h"
#include "tests/bench/load/question.h"

namespace gather::bench {

// One HTTP/2 connection that asks a question over and over, by unary gRPC
// calls.
//
// Why not gRPC's client: on a machine that it shares with the server, the CPU
// time it takes is missing there. It takes 16 us for a call, and 20 for one
// that is refused, more than the server takes to refuse it (17). In an open
// loop beyond the capacity it is the first to fall behind.
//
// Calls that find no stream free wait for one here, in their order. A call that
// is sent tells the server how much of its time is left; it is cancelled at its
// deadline. Once the connection is lost its calls end as UNAVAILABLE, and those
// that wait go over the next one.
//
// Thread: one; nothing blocks but what the owner polls with.
class Connection {
 public:
  using Clock = async::Clock;

  struct Call {
    Clock::time_point due;
    Clock::time_point deadline;
    bool measured = false;
    // How it ended, and with what: the reply's bytes.
    std::optional<absl::StatusCode> code;
    std::string_view reply() const;
    bool sent() const { return stream != 0; }

   private:
    friend Connection;
    int32_t stream = 0;  // 0 while it waits for one
    std::string body;
    std::list<Call>::iterator self;
  };

  class Observer {
   public:
    // Once for each call, but for those under way when the connection is
    // destroyed; never from within Begin().
    virtual void OnEnd(Connection& connection, const Call& call) = 0;

   protected:
    ~Observer() = default;
  };

  // `address`, `question` and `observer` must outlive this.
  Connection(const Address& address, const Question& question,
             Observer& observer);
  ~Connection();

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Deadlines must come in their order.
  void Begin(Clock::time_point due, Clock::time_point deadline, bool measured);

  // What to poll for, after Write().
  pollfd Interest() const;
  // When to call Write() at the latest: time_point::max() for never.
  Clock::time_point NextWrite() const;

  // Ends what is late by now, and sends what there is to send.
  void Write(Clock::time_point now);
  // Takes in what has come.
  void Read();

 private:
  struct Callbacks;
  struct DeleteSession {
    void operator()(nghttp2_session* session) const {
      nghttp2_session_del(session);
    }
  };

  void Connect(Clock::time_point now);
  void Expire(Clock::time_point now);
  bool HasFreeStream() const;
  void Send(Call& call, Clock::time_point now);
  // Collects what the session has to send; false: there is no session now.
  bool Pack();
  void Flush();
  void Disconnect();
  void End(Call& call, absl::StatusCode code);

  const Address& address_;
  const Question& question_;
  const std::string body_;  // the message, framed
  Observer& observer_;
  int socket_ = -1;
  std::unique_ptr<nghttp2_session, DeleteSession> session_;
  bool settings_received_ = false;
  bool goaway_received_ = false;
  Clock::time_point connect_after_;
  std::vector<uint8_t> buffer_ = std::vector<uint8_t>(64 << 10);  // to read
  std::string unsent_;     // of what the session had to send
  std::list<Call> calls_;  // by deadline: first those that are sent
  std::list<Call>::iterator next_ = calls_.end();  // the first that is not
  uint32_t open_ = 0;                              // streams
};

}  // namespace gather::bench

#endif  // GATHER_TESTS_BENCH_LOAD_CONNECTION_H_
