#ifndef GATHER_SERVER_OPS_FLAGS_SPAN_FLAGS_H_
#define GATHER_SERVER_OPS_FLAGS_SPAN_FLAGS_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/ops/log/log.h"
#include "server/ops/spans/sampler.h"
#include "server/ops/spans/span_exporter.h"
#include "server/ops/tls/certificates.h"

namespace gather::ops {

// Which spans are recorded, and where they go.
struct SpanSettings {
  // As gRPC has it; empty means that none is recorded.
  std::string target;
  // Null means plaintext.
  std::shared_ptr<Certificates> tls;
  std::string service_name;
  Sampler sampler;
};

// What the command line says of it.
struct SpanFlags {
  std::string endpoint;
  std::vector<std::string> tls = {};
};
// A variable of the environment; "" where it is not set.
using Environment = std::function<std::string(const char* name)>;

// A flag goes before the variable that OpenTelemetry has for the same thing.
// The error is one line that names the one or the other. `service_name` is that
// of a process that is given none. Where no spans are recorded, nothing else is
// looked at.
absl::StatusOr<SpanSettings> MakeSpanSettings(const SpanFlags& flags,
                                              const Environment& environment,
                                              const std::string& service_name);

// The same of this process's flags and environment. An empty `service_name` is
// the name of the program.
absl::StatusOr<SpanSettings> SpanSettingsFromFlags(
    const std::string& service_name);

// For a server of so many loops; null where no spans are recorded.
std::unique_ptr<SpanExporter> MakeSpanExporter(const SpanSettings& settings,
                                               int event_loops, Logger& logger);

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_FLAGS_SPAN_FLAGS_H_
