#include "server/ops/log/log.h"

#include <limits.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/time/clock.h"
#include "server/ops/log/fd_writer.h"
#include "server/ops/log/line_queue.h"

namespace gather::ops {
namespace {

// A thread inherits the mask of the one that starts it, so there is no moment
// at which the new thread could be handed a signal.
class ScopedSignalBlock {
 public:
  ScopedSignalBlock() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &previous_);
  }
  ~ScopedSignalBlock() { pthread_sigmask(SIG_SETMASK, &previous_, nullptr); }

  ScopedSignalBlock(const ScopedSignalBlock&) = delete;
  ScopedSignalBlock& operator=(const ScopedSignalBlock&) = delete;

 private:
  sigset_t previous_;
};

// Lines that go out in one write: no more than a pipe takes whole, so that
// those of processes that share one stay whole.
constexpr std::size_t kMaxWriteBytes = PIPE_BUF;

// As many as fit into a write, but one at least.
std::string_view FirstLines(std::string_view lines) {
  if (lines.size() <= kMaxWriteBytes) return lines;
  std::size_t end = lines.rfind('\n', kMaxWriteBytes - 1);
  if (end == std::string_view::npos) end = lines.find('\n');
  return lines.substr(0, end + 1);
}

}  // namespace

// The queue, and the thread that writes what comes out of it.
class Logger::Writer {
 public:
  Writer(const LogOptions& options, int fd)
      : format_(options.format), queue_(options.queue_records), out_(fd) {
    const ScopedSignalBlock block;
    thread_ = std::thread([this] { Run(); });
  }
  ~Writer() { thread_.join(); }

  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void Post(std::string_view line) { queue_.Push(line); }

  // Writes it on this thread, or posts it where the reader stalls.
  void WriteNow(std::string line) {
    line += '\n';
    if (out_.WriteAtOnce(line)) return;
    line.pop_back();
    Post(line);
  }

  std::uint64_t dropped() const { return queue_.dropped() + unwritten_; }

  // Ends the thread once all is written, but no later than in `timeout`. False:
  // it is stuck in a write (see FdWriter), and to join it would hang the end of
  // the process.
  bool Finish(std::chrono::nanoseconds timeout) {
    constexpr std::chrono::milliseconds kMoment(100);
    const auto deadline = FdWriter::Clock::now() + timeout;
    out_.StopWaitingAt(deadline);
    queue_.Close();
    return finished_.get_future().wait_until(deadline + kMoment) ==
           std::future_status::ready;
  }

 private:
  void Run() {
    std::string lines;
    while (queue_.Take(lines)) WriteLines(lines);
    ReportDropped();
    finished_.set_value();
  }

  void WriteLines(std::string_view lines) {
    while (!lines.empty()) {
      ReportDropped();
      const std::string_view first = FirstLines(lines);
      if (!out_.Write(first)) {
        unwritten_ +=
            static_cast<std::uint64_t>(std::ranges::count(first, '\n'));
      }
      lines.remove_prefix(first.size());
    }
  }

  void ReportDropped() {
    const std::uint64_t now = dropped();
    if (now == reported_) return;
    const Field field("dropped", now - reported_);
    const std::string line =
        FormatRecord(format_, {.time = absl::Now(),
                               .level = LogLevel::kWarning,
                               .message = "log fell behind",
                               .fields = {&field, 1}});
    if (out_.Write(line + '\n')) reported_ = now;
  }

  const LogFormat format_;
  LineQueue queue_;
  FdWriter out_;
  std::uint64_t reported_ = 0;
  std::atomic<std::uint64_t> unwritten_ = 0;
  std::promise<void> finished_;
  std::thread thread_;
};

Logger::Logger(const LogOptions& options, int fd)
    : options_(options),
      level_(options.level),
      writer_(std::make_unique<Writer>(options, fd)) {}

Logger::~Logger() {
  // The cap keeps the sum of now and an infinite timeout from overflowing.
  const absl::Duration timeout =
      std::min(options_.flush_timeout, absl::Hours(1));
  if (!writer_->Finish(absl::ToChronoNanoseconds(timeout))) {
    (void)writer_.release();  // left, with its thread, to the process's end
  }
}

void Logger::Log(LogLevel level, std::string_view message,
                 std::span<const Field> fields) {
  if (!Enabled(level)) return;
  writer_->Post(
      FormatRecord(options_.format, {absl::Now(), level, message, fields}));
}

void Logger::LogLast(LogLevel level, std::string_view message,
                     std::span<const Field> fields) {
  if (!Enabled(level)) return;
  writer_->WriteNow(
      FormatRecord(options_.format, {absl::Now(), level, message, fields}));
}

std::uint64_t Logger::dropped() const { return writer_->dropped(); }

}  // namespace gather::ops
