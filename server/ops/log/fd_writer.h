#ifndef GATHER_SERVER_OPS_LOG_FD_WRITER_H_
#define GATHER_SERVER_OPS_LOG_FD_WRITER_H_

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <string_view>

namespace gather::ops {

// Writes to a file descriptor whose reader may stall, for one thread that can
// afford to wait, and lets another thread put an end to the wait.
//
// It never makes the descriptor non-blocking: that flag belongs to everyone
// who shares the open file, which for stderr may be the user's shell. It waits
// with poll instead and then writes no more than a ready pipe takes at once.
//
// The wait may outlast its end in one case: another process fills the pipe
// between the poll and the write. Whoever joins the writing thread must
// reckon with that.
class FdWriter {
 public:
  using Clock = std::chrono::steady_clock;

  // Works on a duplicate of `fd`; the caller's own stays the caller's.
  explicit FdWriter(int fd);
  ~FdWriter();

  FdWriter(const FdWriter&) = delete;
  FdWriter& operator=(const FdWriter&) = delete;

  // Waits until all of `bytes` is written. False: some was not, since the
  // descriptor is broken or time is up. One thread only, with SIGPIPE blocked.
  bool Write(std::string_view bytes);

  // From any thread: writes all of `bytes`, at most PIPE_BUF, or none, without
  // a wait. False: it did not.
  bool WriteAtOnce(std::string_view bytes) const;

  // From any thread: no Write waits beyond `deadline`, a waiting one included.
  void StopWaitingAt(Clock::time_point deadline);

 private:
  bool WaitUntilWritable() const;
  // As write(2), but no more than the descriptor takes without a wait.
  ssize_t WriteSome(std::string_view bytes) const;

  const int fd_;
  const int wake_fd_;
  const bool is_socket_;
  std::atomic<Clock::time_point> deadline_ = Clock::time_point::max();
};

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_LOG_FD_WRITER_H_
