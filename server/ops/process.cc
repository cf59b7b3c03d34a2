#include "server/ops/process.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "grpcpp/ext/channelz_service_plugin.h"
#include "server/async/clock.h"
#include "server/ops/container/log_sizes.h"
#include "server/ops/flags/parse_flags.h"
#include "server/ops/log/log_escape.h"
#include "server/ops/metrics/process_metrics.h"
#include "server/ops/metrics/server_metrics.h"

namespace gather::ops {
namespace {

// Written aside and renamed: a reader sees the whole number or no file.
absl::Status WritePortFile(const std::string& path, int port) {
  if (path.empty()) return absl::OkStatus();
  const std::string aside = path + ".tmp";
  std::ofstream file(aside);
  file << port << '\n';
  file.close();
  if (file.fail() || std::rename(aside.c_str(), path.c_str()) != 0) {
    return absl::UnavailableError("can't write the port to " + path);
  }
  return absl::OkStatus();
}

// Lets one event in a second pass, and counts the others. Thread: any.
class RateLimit {
 public:
  // How many were held back since the last that passed; none where this one is
  // to be.
  std::optional<uint64_t> Pass(async::Clock::time_point now) {
    const std::lock_guard lock(mutex_);
    if (last_ && now - *last_ < std::chrono::seconds(1)) {
      ++held_back_;
      return std::nullopt;
    }
    last_ = now;
    return std::exchange(held_back_, 0);
  }

 private:
  std::mutex mutex_;
  std::optional<async::Clock::time_point> last_;
  uint64_t held_back_ = 0;
};

const char* NameOf(int signal) {
  return signal == SIGTERM ? "SIGTERM" : signal == SIGINT ? "SIGINT" : "SIGHUP";
}

// What may change while a server runs. The flag is found by name: programs that
// have no server's flags link this file, too. Certificates need no word: they
// are looked at all the time.
void ReadAgain(const ServerSettings& settings, Logger& logger) {
  const absl::Status read = ReadFlagAgain("log_level", settings.arguments);
  if (!read.ok()) {
    logger.Log(LogLevel::kWarning, "flags not read again",
               {{"error", read.message()}});
    return;
  }
  const auto level = absl::FindCommandLineFlag("log_level")->TryGet<LogLevel>();
  logger.SetLevel(*level);
  logger.Log(LogLevel::kInfo, "flags read again",
             {{"log_level", LogLevelName(*level)}});
}

// How callers are authenticated, in the log.
const char* TlsMode(const Certificates* tls) {
  if (tls == nullptr) return "off";
  return tls->files().ca.path.empty() ? "on" : "mutual";
}

// Starts the server, with its metrics where they are asked for: those first, so
// that nobody is served by a process that can't start.
absl::StatusOr<std::unique_ptr<MetricsServer>> Start(
    rpc::Server& server, const ServerSettings& settings, const Logger& logger,
    const MetricsServer::Collect& collect_more) {
  std::unique_ptr<MetricsServer> metrics;
  if (!settings.metrics_listen.empty()) {
    auto opened = MetricsServer::Open(settings.metrics_listen);
    if (!opened.ok()) return opened.status();
    metrics = *std::move(opened);
  }
  absl::Status started = server.Start();
  if (started.ok() && metrics != nullptr) {
    started = metrics->Serve(
        [&server, &logger, collect_more](MetricFamilies& families) {
          AddServerFamilies(server.stats(), logger, families);
          AddProcessFamilies(families);
          if (collect_more) collect_more(families);
        });
  }
  if (started.ok() && metrics != nullptr) {
    started = WritePortFile(settings.metrics_port_file, metrics->port());
  }
  if (started.ok()) started = WritePortFile(settings.port_file, server.port());
  if (!started.ok()) return started;
  return metrics;
}

}  // namespace

void PrepareProcess() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  std::signal(SIGPIPE, SIG_IGN);
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
}

async::Watchdog::OnStall LogStalls(Logger& logger) {
  return [&logger](const async::Stall& stall) {
    logger.Log(LogLevel::kWarning,
               stall.over ? "event loop free again" : "event loop held",
               {{"loop", stall.loop},
                {"method", stall.activity},
                {"held", absl::FromChrono(stall.held)}});
  };
}

std::function<void(int loop, async::Clock::duration late)> LogLateness(
    Logger& logger) {
  return [&logger, limit = std::make_shared<RateLimit>()](
             int loop, async::Clock::duration late) {
    const std::optional<uint64_t> skipped = limit->Pass(async::Clock::now());
    if (!skipped) return;
    logger.Log(LogLevel::kWarning, "event loop late",
               {{"loop", loop},
                {"late", absl::FromChrono(late)},
                {"skipped", *skipped}});
  };
}

rpc::OnServerError LogErrors(Logger& logger) {
  return [&logger, limit = std::make_shared<RateLimit>()](
             const rpc::ServerError& error) {
    const std::optional<uint64_t> skipped = limit->Pass(async::Clock::now());
    if (!skipped) return;
    logger.Log(LogLevel::kWarning, "server error",
               {{"during", std::string_view(error.during)},
                {"method", std::string_view(error.method)},
                {"error", error.status.message()},
                {"skipped", *skipped}});
  };
}

std::function<void(const std::string& peer, const char* reason)>
LogEndedConnections(Logger& logger) {
  return [&logger](const std::string& peer, const char* reason) {
    logger.Log(LogLevel::kWarning,
               absl::StrCat("connection ended for ", reason),
               {{"peer", ReadablePeer(peer)}});
  };
}

int ReportGoodConfig(const ServerSettings& settings,
                     const std::string& details) {
  for (const std::string& warning : settings.warnings) {
    std::fprintf(stderr, "%s: warning: %s\n", program_invocation_short_name,
                 warning.c_str());
  }
  std::printf("%s: the configuration is good\n%s",
              program_invocation_short_name, details.c_str());
  return std::fflush(stdout) == 0 ? 0 : 1;
}

int RunServer(rpc::Server& server, const ServerSettings& settings,
              StopSignals& signals, Logger& logger,
              const MetricsServer::Collect& collect_more) {
  for (const std::string& warning : settings.warnings) {
    logger.Log(LogLevel::kWarning, "configuration",
               {{"warning", std::string_view(warning)}});
  }
  if (settings.channelz) grpc::channelz::experimental::InitChannelzService();
  const auto metrics = Start(server, settings, logger, collect_more);
  if (!metrics.ok()) {
    logger.Log(LogLevel::kError, "can't start",
               {{"error", metrics.status().message()}});
    return 1;
  }
  LogSizes(settings.sizes, logger);
  logger.Log(LogLevel::kInfo, "serving",
             {{"listen", settings.server.listen},
              {"port", server.port()},
              {"metrics_port", *metrics != nullptr ? (*metrics)->port() : 0},
              {"event_loops", settings.server.event_loops},
              {"tls", TlsMode(settings.tls.get())}});

  const int signal = signals.Wait([&] { ReadAgain(settings, logger); });
  logger.Log(LogLevel::kInfo, "draining",
             {{"signal", NameOf(signal)},
              {"in_flight", server.admission().in_flight()}});
  server.StopServing();
  std::this_thread::sleep_for(settings.drain_delay);
  // As the other port is, by Drain(): a server that is started in this one's
  // place takes both.
  if (*metrics != nullptr) (*metrics)->StopAccepting();
  server.Drain(async::Clock::now() + settings.drain_timeout);
  logger.Log(LogLevel::kInfo, "stopped");
  return 0;
}

}  // namespace gather::ops
