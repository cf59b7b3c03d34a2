#ifndef GATHER_SERVER_OPS_LOG_LOG_H_
#define GATHER_SERVER_OPS_LOG_LOG_H_

#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>

#include "server/ops/log/log_format.h"
#include "server/ops/log/log_options.h"

namespace gather::ops {

// The log of a process: a line a record, text or JSON, to stderr.
//
// A call never waits for the reader. It formats the record, puts it on a
// bounded queue and returns; one thread writes what has gathered there, some
// milliseconds later. When the reader stalls (a full pipe, a stopped terminal)
// the oldest records are dropped and counted, and the log says how many are
// missing as soon as it moves again.
//
// Made in main, early, and passed by reference; there is no global one.
// Thread-safe. The end of a Logger writes what is queued, but waits no longer
// than `flush_timeout` (and a moment) for a reader that stalls. Nothing may
// log by then.
//
//   Logger logger(LogOptions{.format = LogFormat::kJson});
//   logger.Log(LogLevel::kInfo, "request done",
//              {{"method", method}, {"code", code}, {"took", elapsed}});
//
// Its thread blocks all signals: they go to the threads that want them, also
// when main blocks its own only later.
class Logger {
 public:
  // Writes to a duplicate of `fd`.
  explicit Logger(const LogOptions& options, int fd = STDERR_FILENO);
  ~Logger();

  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  // Whether a record at this level would be written: ask before you compute
  // costly fields.
  bool Enabled(LogLevel level) const {
    return level >= level_.load(std::memory_order_relaxed) &&
           level < LogLevel::kOff;
  }

  // Records from now on are written from this level up.
  void SetLevel(LogLevel level) {
    level_.store(level, std::memory_order_relaxed);
  }

  // `message` is one of the program's own, the same each time; what varies
  // goes into fields.
  void Log(LogLevel level, std::string_view message,
           std::span<const Field> fields);
  void Log(LogLevel level, std::string_view message,
           std::initializer_list<Field> fields = {}) {
    Log(level, message, std::span<const Field>(fields.begin(), fields.size()));
  }

  // For the last words of a process that is about to abort: written before it
  // returns, ahead of what is queued, unless the reader stalls.
  void LogLast(LogLevel level, std::string_view message,
               std::span<const Field> fields);

  // How many records were lost so far, to a full queue or to a descriptor
  // that could not be written.
  std::uint64_t dropped() const;

 private:
  class Writer;

  const LogOptions options_;
  std::atomic<LogLevel> level_;
  std::unique_ptr<Writer> writer_;
};

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_LOG_LOG_H_
