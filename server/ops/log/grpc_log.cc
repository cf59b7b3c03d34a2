#include "server/ops/log/grpc_log.h"

#include <google/protobuf/stubs/common.h>
#include <grpcpp/version_info.h>

#include <array>
#include <cassert>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

// Its later versions log through Abseil, and so do the versions of gRPC that
// come with them.
#define GATHER_PROTOBUF_LOGS_ITSELF (GOOGLE_PROTOBUF_VERSION < 4022000)
#if GATHER_PROTOBUF_LOGS_ITSELF
#include <google/protobuf/stubs/logging.h>
#endif

#define GATHER_GRPC_LOGS_TO_ABSEIL \
  (GRPC_CPP_VERSION_MAJOR > 1 || GRPC_CPP_VERSION_MINOR >= 65)

#if GATHER_GRPC_LOGS_TO_ABSEIL
#include "absl/log/globals.h"
#include "absl/log/initialize.h"
#include "absl/log/log_entry.h"
#include "absl/log/log_sink.h"
#include "absl/log/log_sink_registry.h"
#else
#include <grpc/support/log.h>
#endif

namespace gather::ops {
namespace {

void Forward(Logger& logger, LogLevel level, std::string_view library,
             std::string_view text, std::string_view file, int line) {
  if (!logger.Enabled(level)) return;
  file.remove_prefix(file.rfind('/') + 1);
  const std::string source = std::string(file) + ":" + std::to_string(line);
  const std::array<Field, 2> fields = {Field("text", text),
                                       Field("source", source)};
  // What GPR_ASSERT says before it aborts.
  if (text.starts_with("assertion failed")) {
    logger.LogLast(level, library, fields);
  } else {
    logger.Log(level, library, fields);
  }
}

}  // namespace

#if GATHER_GRPC_LOGS_TO_ABSEIL

class ScopedGrpcLog::Impl : public absl::LogSink {
 public:
  explicit Impl(Logger& logger)
      : logger_(logger), previous_threshold_(absl::StderrThreshold()) {
    static std::once_flag initialized;
    // Until this is called Abseil writes each record to stderr as well.
    std::call_once(initialized, absl::InitializeLog);
    absl::SetStderrThreshold(absl::LogSeverityAtLeast::kInfinity);
    absl::AddLogSink(this);
  }

  ~Impl() override {
    absl::RemoveLogSink(this);
    absl::SetStderrThreshold(previous_threshold_);
  }

  void Send(const absl::LogEntry& entry) override {
    const auto text = entry.text_message();
    const auto file = entry.source_filename();
    Forward(logger_, LevelOf(entry.log_severity()), "grpc",
            {text.data(), text.size()}, {file.data(), file.size()},
            entry.source_line());
  }

 private:
  static LogLevel LevelOf(absl::LogSeverity severity) {
    switch (severity) {
      case absl::LogSeverity::kInfo:
        return LogLevel::kDebug;
      case absl::LogSeverity::kWarning:
        return LogLevel::kWarning;
      default:
        return LogLevel::kError;
    }
  }

  Logger& logger_;
  const absl::LogSeverityAtLeast previous_threshold_;
};

#else

namespace {

// gRPC and Protobuf take a plain function, with no place for an object, so the
// way from there to the Logger has to be a global. A lock rather than an atomic
// pointer: when the destructor returns, no thread may still be in the Logger.
struct Route {
  std::mutex mutex;
  Logger* logger = nullptr;
};
constinit Route route;

LogLevel LevelOf(gpr_log_severity severity) {
  return severity == GPR_LOG_SEVERITY_ERROR ? LogLevel::kError
                                            : LogLevel::kDebug;
}

void OnGrpcLog(gpr_log_func_args* args) {
  const std::lock_guard lock(route.mutex);
  if (route.logger == nullptr) return;
  Forward(*route.logger, LevelOf(args->severity), "grpc", args->message,
          args->file, args->line);
}

#if GATHER_PROTOBUF_LOGS_ITSELF
void OnProtobufLog(google::protobuf::LogLevel level, const char* file, int line,
                   const std::string& text) {
  const std::lock_guard lock(route.mutex);
  if (route.logger == nullptr) return;
  Forward(*route.logger,
          level == google::protobuf::LOGLEVEL_FATAL ? LogLevel::kError
                                                    : LogLevel::kDebug,
          "protobuf", text, file, line);
}

class ScopedProtobufLog {
 public:
  ScopedProtobufLog()
      : previous_(google::protobuf::SetLogHandler(OnProtobufLog)) {}
  ~ScopedProtobufLog() { google::protobuf::SetLogHandler(previous_); }
  ScopedProtobufLog(const ScopedProtobufLog&) = delete;
  ScopedProtobufLog& operator=(const ScopedProtobufLog&) = delete;

 private:
  google::protobuf::LogHandler* const previous_;
};
#else
class ScopedProtobufLog {};
#endif

void RouteTo(Logger* logger) {
  const std::lock_guard lock(route.mutex);
  assert((route.logger == nullptr) != (logger == nullptr));
  route.logger = logger;
}

}  // namespace

class ScopedGrpcLog::Impl {
 public:
  explicit Impl(Logger& logger) {
    RouteTo(&logger);
    gpr_set_log_function(OnGrpcLog);
  }

  ~Impl() {
    // Null brings gRPC's own function back.
    gpr_set_log_function(nullptr);
    RouteTo(nullptr);
  }

 private:
  const ScopedProtobufLog protobuf_log_;
};

#endif

ScopedGrpcLog::ScopedGrpcLog(Logger& logger)
    : impl_(std::make_unique<Impl>(logger)) {}

ScopedGrpcLog::~ScopedGrpcLog() = default;

}  // namespace gather::ops
