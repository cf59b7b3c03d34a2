#include "tests/bench/load/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <iterator>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace gather::bench {
namespace {

using async::Clock;

// gRPC's frame about a message: a byte, 0 for uncompressed, and its length.
constexpr std::size_t kPrefix = 5;

// What a server may send before it is read: the largest reply at once.
constexpr int kWindow = 16 << 20;

// After a connection that could not be made, the next one waits for so long.
constexpr std::chrono::milliseconds kConnectEvery(100);

std::string Framed(const std::string& message) {
  const auto size = static_cast<uint32_t>(message.size());
  std::string framed(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) {
    framed.push_back(static_cast<char>(size >> shift));
  }
  return framed + message;
}

// Nothing where it is not one whole, uncompressed message.
std::string_view Unframed(std::string_view body) {
  if (body.size() < kPrefix || body[0] != '\0') return {};
  std::size_t size = 0;
  for (std::size_t i = 1; i < kPrefix; ++i) {
    size = size << 8 | static_cast<unsigned char>(body[i]);
  }
  body.remove_prefix(kPrefix);
  return body.size() == size ? body : std::string_view();
}

// Of a call that ended without gRPC's status, by HTTP/2's error: as gRPC's
// clients have it (doc/PROTOCOL-HTTP2.md).
absl::StatusCode CodeOf(uint32_t error) {
  switch (error) {
    case NGHTTP2_REFUSED_STREAM:
      return absl::StatusCode::kUnavailable;
    case NGHTTP2_CANCEL:
      return absl::StatusCode::kCancelled;
    case NGHTTP2_ENHANCE_YOUR_CALM:
      return absl::StatusCode::kResourceExhausted;
    default:
      return absl::StatusCode::kInternal;
  }
}

nghttp2_nv Header(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

struct Connection::Callbacks {
  static Call* CallOf(nghttp2_session* session, int32_t stream) {
    return static_cast<Call*>(
        nghttp2_session_get_stream_user_data(session, stream));
  }

  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    auto& connection = *static_cast<Connection*>(user);
    if (frame->hd.type == NGHTTP2_SETTINGS &&
        (frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) {
      connection.settings_received_ = true;
    } else if (frame->hd.type == NGHTTP2_GOAWAY) {
      connection.goaway_received_ = true;
    }
    return 0;
  }

  static int OnHeader(nghttp2_session* session, const nghttp2_frame* frame,
                      const uint8_t* name, size_t name_size,
                      const uint8_t* value, size_t value_size, uint8_t, void*) {
    constexpr std::string_view kStatus = "grpc-status";
    if (name_size != kStatus.size() ||
        std::memcmp(name, kStatus.data(), name_size) != 0) {
      return 0;
    }
    Call* const call = CallOf(session, frame->hd.stream_id);
    int code = 0;
    if (call != nullptr &&
        absl::SimpleAtoi(
            absl::string_view(reinterpret_cast<const char*>(value), value_size),
            &code)) {
      call->code = static_cast<absl::StatusCode>(code);
    }
    return 0;
  }

  static int OnData(nghttp2_session* session, uint8_t, int32_t stream,
                    const uint8_t* data, size_t size, void*) {
    if (Call* const call = CallOf(session, stream)) {
      call->body.append(reinterpret_cast<const char*>(data), size);
    }
    return 0;
  }

  static int OnClose(nghttp2_session* session, int32_t stream, uint32_t error,
                     void* user) {
    auto& connection = *static_cast<Connection*>(user);
    --connection.open_;
    if (Call* const call = CallOf(session, stream)) {
      connection.End(*call, call->code.value_or(CodeOf(error)));
    }
    return 0;
  }

  // The source's number is how much of the body has been read: what there is
  // room for may be less than all.
  static ssize_t ReadBody(nghttp2_session*, int32_t, uint8_t* to, size_t room,
                          uint32_t* flags, nghttp2_data_source* source,
                          void* user) {
    const std::string& body = static_cast<Connection*>(user)->body_;
    const std::size_t read =
        body.copy(reinterpret_cast<char*>(to), room, source->fd);
    source->fd += static_cast<int>(read);
    if (static_cast<std::size_t>(source->fd) == body.size()) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    return static_cast<ssize_t>(read);
  }

  static nghttp2_session* NewSession(Connection* connection) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, OnFrame);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, OnHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks,
                                                              OnData);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, OnClose);
    nghttp2_session* session = nullptr;
    nghttp2_session_client_new(&session, callbacks, connection);
    nghttp2_session_callbacks_del(callbacks);
    return session;
  }
};

std::string_view Connection::Call::reply() const { return Unframed(body); }

Connection::Connection(const Address& address, const Question& question,
                       Observer& observer)
    : address_(address),
      question_(question),
      body_(Framed(question.message)),
      observer_(observer) {}

Connection::~Connection() {
  if (socket_ >= 0) close(socket_);
}

void Connection::Begin(Clock::time_point due, Clock::time_point deadline,
                       bool measured) {
  Call& call = calls_.emplace_back();
  call.due = due;
  call.deadline = deadline;
  call.measured = measured;
  call.self = std::prev(calls_.end());
  if (next_ == calls_.end()) next_ = call.self;
}

pollfd Connection::Interest() const {
  const int write = unsent_.empty() ? 0 : POLLOUT;
  return {socket_, static_cast<short>(POLLIN | write), 0};
}

Connection::Clock::time_point Connection::NextWrite() const {
  if (calls_.empty()) return Clock::time_point::max();
  const bool connects = socket_ < 0 && next_ != calls_.end();
  return connects ? std::min(calls_.front().deadline, connect_after_)
                  : calls_.front().deadline;
}

void Connection::Write(Clock::time_point now) {
  Expire(now);
  // After a GOAWAY the calls under way go on; those that wait go over a new
  // connection once these have ended.
  if (goaway_received_ && open_ == 0) Disconnect();
  if (socket_ < 0 && next_ != calls_.end() && now >= connect_after_) {
    Connect(now);
  }
  if (socket_ < 0 || !Pack()) return;  // what has expired leaves its stream
  while (next_ != calls_.end() && HasFreeStream()) Send(*next_++, now);
  if (Pack()) Flush();
}

void Connection::Read() {
  while (socket_ >= 0) {
    const ssize_t size = recv(socket_, buffer_.data(), buffer_.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (size <= 0 || nghttp2_session_mem_recv(session_.get(), buffer_.data(),
                                              size) != size) {
      return Disconnect();
    }
    if (static_cast<std::size_t>(size) < buffer_.size()) return;
  }
}

void Connection::Connect(Clock::time_point now) {
  connect_after_ = now + kConnectEvery;
  socket_ = socket(address_.socket.ss_family,
                   SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&address_.socket),
              address_.size) != 0 &&
      errno != EINPROGRESS) {
    return Disconnect();
  }
  session_.reset(Callbacks::NewSession(this));
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindow}};
  nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, settings,
                          std::size(settings));
  nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, 0,
                                        kWindow);
}

void Connection::Expire(Clock::time_point now) {
  while (!calls_.empty() && calls_.front().deadline <= now) {
    Call& call = calls_.front();
    if (call.sent()) {
      nghttp2_session_set_stream_user_data(session_.get(), call.stream,
                                           nullptr);
      nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, call.stream,
                                NGHTTP2_CANCEL);
    } else {
      ++next_;
    }
    End(call, absl::StatusCode::kDeadlineExceeded);
  }
}

bool Connection::HasFreeStream() const {
  return settings_received_ && !goaway_received_ &&
         open_ < nghttp2_session_get_remote_settings(
                     session_.get(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

void Connection::Send(Call& call, Clock::time_point now) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(call.deadline - now);
  const std::string timeout = absl::StrCat(left.count(), "m");
  const nghttp2_nv headers[] = {
      Header(":method", "POST"),
      Header(":scheme", "http"),
      Header(":path", question_.path),
      Header(":authority", address_.name),
      Header("te", "trailers"),
      Header("content-type", "application/grpc"),
      Header("user-agent", "gather-bench"),
      Header("grpc-timeout", timeout),
  };
  nghttp2_data_provider body{.source = {.fd = 0},
                             .read_callback = &Callbacks::ReadBody};
  call.stream = nghttp2_submit_request(session_.get(), nullptr, headers,
                                       std::size(headers), &body, &call);
  ++open_;
}

bool Connection::Pack() {
  const uint8_t* bytes = nullptr;
  while (true) {
    const ssize_t size = nghttp2_session_mem_send(session_.get(), &bytes);
    if (size == 0) break;
    if (size < 0) {
      Disconnect();
      return false;
    }
    unsent_.append(reinterpret_cast<const char*>(bytes), size);
  }
  return true;
}

void Connection::Flush() {
  if (!unsent_.empty()) {
    const ssize_t sent =
        send(socket_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      unsent_.erase(0, sent);
    } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR &&
               errno != ENOTCONN) {
      return Disconnect();
    }
  }
  // After a protocol error of the server's the session has sent its GOAWAY, and
  // wants nothing more.
  if (unsent_.empty() && nghttp2_session_want_read(session_.get()) == 0 &&
      nghttp2_session_want_write(session_.get()) == 0) {
    Disconnect();
  }
}

void Connection::Disconnect() {
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
  session_.reset();
  settings_received_ = goaway_received_ = false;
  unsent_.clear();
  open_ = 0;
  while (calls_.begin() != next_) {
    End(calls_.front(), absl::StatusCode::kUnavailable);
  }
}

void Connection::End(Call& call, absl::StatusCode code) {
  call.code = code;
  // What is told may begin another.
  std::list<Call> ended;
  ended.splice(ended.begin(), calls_, call.self);
  observer_.OnEnd(*this, call);
}

}  // namespace gather::bench
