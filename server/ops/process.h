#ifndef GATHER_SERVER_OPS_PROCESS_H_
#define GATHER_SERVER_OPS_PROCESS_H_

#include <functional>

#include "server/async/clock.h"
#include "server/async/watchdog.h"
#include "server/ops/flags/server_flags.h"
#include "server/ops/log/log.h"
#include "server/ops/metrics/metrics_server.h"
#include "server/ops/stop_signals.h"
#include "server/rpc/server.h"

namespace gather::ops {

// What every server process does before its first thread: raises the limit on
// open files as far as it may, ignores SIGPIPE, and turns off Abseil's deadlock
// detection, which Debian's build has on and every mutex of gRPC pays for.
void PrepareProcess();

// Logs a step that holds a loop of the server, naming its RPC.
async::Watchdog::OnStall LogStalls(Logger& logger);

// Logs how late a loop runs that has more to do than it can, at most one line
// in a second.
std::function<void(int loop, async::Clock::duration late)> LogLateness(
    Logger& logger);

// Logs trouble of the server's own, at most one in a second.
rpc::OnServerError LogErrors(Logger& logger);

// Logs a connection that was ended, and what for.
std::function<void(const std::string& peer, const char* reason)>
LogEndedConnections(Logger& logger);

// Says on stdout, in one line, that the configuration is good, with `details`
// of it below, and on stderr what it warns of. Returns the process's exit code.
int ReportGoodConfig(const ServerSettings& settings,
                     const std::string& details = "");

// Starts the server, serves until a signal comes, drains, and returns the
// process's exit code: 0, or 1 where it could not start. Serves metrics all the
// while, where the settings say so: the server's, and what `collect_more` adds.
int RunServer(rpc::Server& server, const ServerSettings& settings,
              StopSignals& signals, Logger& logger,
              const MetricsServer::Collect& collect_more = nullptr);

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_PROCESS_H_
