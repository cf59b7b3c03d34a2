#include "server/ops/log.h"

#include <limits.h>
#include <signal.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/sink.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/time/clock.h"
#include "server/ops/fd_writer.h"

namespace gather::ops {
namespace {

using Pool = spdlog::details::thread_pool;

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

std::shared_ptr<Pool> StartThread(std::size_t queue_records) {
  const ScopedSignalBlock block;
  return std::make_shared<Pool>(queue_records, /*threads_n=*/1);
}

// Lines that go out in one write: no more than a pipe takes whole, so that
// those of processes that share one stay whole.
constexpr std::size_t kMaxBatchBytes = PIPE_BUF;
// How long the thread waits for more lines to go with the next. Who logs wakes
// it where it waits for the queue, and that costs more than the line does.
constexpr std::chrono::milliseconds kGatherTime(2);

// Takes finished lines off spdlog's queue, on spdlog's thread.
class LineSink final : public spdlog::sinks::sink {
 public:
  LineSink(LogFormat format, int fd, Pool& pool)
      : format_(format), pool_(pool), writer_(fd) {}

  void log(const spdlog::details::log_msg& message) override {
    if (lines_.size() + message.payload.size() >= kMaxBatchBytes) WriteLines();
    lines_.append(message.payload.data(), message.payload.size());
    lines_ += '\n';
    ++line_count_;
    if (pool_.queue_size() > 0) return;
    WriteLines();
    std::this_thread::sleep_for(kGatherTime);
  }

  // spdlog calls this when all that was queued before is done with.
  void flush() override {
    WriteLines();
    const std::lock_guard lock(mutex_);
    flushed_ = true;
    flushed_changed_.notify_all();
  }

  void set_pattern(const std::string& /*pattern*/) override {}
  void set_formatter(
      std::unique_ptr<spdlog::formatter> /*formatter*/) override {}

  std::uint64_t dropped() const {
    return pool_.overrun_counter() + unwritten_.load();
  }

  void StopWaitingAt(FdWriter::Clock::time_point deadline) {
    writer_.StopWaitingAt(deadline);
  }

  bool WaitUntilFlushed(FdWriter::Clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    return flushed_changed_.wait_until(lock, deadline,
                                       [this] { return flushed_; });
  }

  // Makes a cycle of the three, on purpose: see Backend::Abandon.
  void KeepAlive(std::shared_ptr<Pool> pool,
                 std::shared_ptr<spdlog::logger> logger) {
    kept_pool_ = std::move(pool);
    kept_logger_ = std::move(logger);
  }

 private:
  void WriteLines() {
    ReportDropped();
    if (!writer_.Write(lines_)) unwritten_ += line_count_;
    lines_.clear();
    line_count_ = 0;
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
    if (writer_.Write(line + '\n')) reported_ = now;
  }

  const LogFormat format_;
  Pool& pool_;
  FdWriter writer_;
  std::string lines_;  // to be written
  std::uint64_t line_count_ = 0;
  std::uint64_t reported_ = 0;
  std::atomic<std::uint64_t> unwritten_ = 0;

  std::mutex mutex_;
  std::condition_variable flushed_changed_;
  bool flushed_ = false;

  std::shared_ptr<Pool> kept_pool_;
  std::shared_ptr<spdlog::logger> kept_logger_;
};

}  // namespace

// spdlog's queue and thread, used without its registry, which is global.
class Logger::Backend {
 public:
  Backend(const LogOptions& options, int fd)
      : pool_(StartThread(options.queue_records)),
        sink_(std::make_shared<LineSink>(options.format, fd, *pool_)),
        logger_(std::make_shared<spdlog::async_logger>(
            "gather", sink_, pool_,
            spdlog::async_overflow_policy::overrun_oldest)) {
    // spdlog's own handler writes to stderr, which may be what is stalled.
    logger_->set_error_handler([](const std::string& /*error*/) {});
  }

  void Post(std::string_view line) {
    logger_->log(spdlog::level::info,
                 spdlog::string_view_t(line.data(), line.size()));
  }

  std::uint64_t dropped() const { return sink_->dropped(); }

  void Finish(std::chrono::nanoseconds timeout) {
    // The flush that is posted here is the newest in the queue, so overrun
    // can't take it.
    constexpr std::chrono::milliseconds kMoment(100);
    const auto deadline = FdWriter::Clock::now() + timeout;
    sink_->StopWaitingAt(deadline);
    logger_->flush();
    if (!sink_->WaitUntilFlushed(deadline + kMoment)) Abandon();
  }

 private:
  // The thread is stuck in a write (see FdWriter) and to join it would hang
  // the end of the process. It and what it uses are left to the process's end.
  void Abandon() { sink_->KeepAlive(pool_, logger_); }

  // The pool goes last, and waits for its thread: the sink refers to it.
  const std::shared_ptr<Pool> pool_;
  const std::shared_ptr<LineSink> sink_;
  const std::shared_ptr<spdlog::async_logger> logger_;
};

Logger::Logger(const LogOptions& options, int fd)
    : options_(options), backend_(std::make_unique<Backend>(options, fd)) {}

Logger::~Logger() {
  // The cap keeps the sum of now and an infinite timeout from overflowing.
  backend_->Finish(absl::ToChronoNanoseconds(
      std::min(options_.flush_timeout, absl::Hours(1))));
}

void Logger::Log(LogLevel level, std::string_view message,
                 std::span<const Field> fields) {
  if (!Enabled(level)) return;
  backend_->Post(
      FormatRecord(options_.format, {absl::Now(), level, message, fields}));
}

std::uint64_t Logger::dropped() const { return backend_->dropped(); }

}  // namespace gather::ops
