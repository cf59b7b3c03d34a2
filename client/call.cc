#include "client/call.h"

#include <cstdio>
#include <memory>
#include <string>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/channel.h"
#include "client/command.h"
#include "client/failure.h"
#include "client/flags.h"
#include "client/text.h"
#include "google/protobuf/util/json_util.h"

namespace gather::client {
namespace {

// Newer versions of Protobuf have another name for the option.
template <typename Options>
void PrintDefaults(Options& options) {
  if constexpr (requires { options.always_print_primitive_fields; }) {
    options.always_print_primitive_fields = true;
  } else {
    options.always_print_fields_with_no_presence = true;
  }
}

int ReportError(const std::string& what) {
  std::fputs(("gatherctl: " + what + "\n").c_str(), stderr);
  return kFailed;
}

int PrintJsonAs(const google::protobuf::Message& message, bool one_line,
                int exit_code) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = !one_line;
  PrintDefaults(options);
  std::string json;
  const auto printed =
      google::protobuf::util::MessageToJsonString(message, &json, options);
  if (!printed.ok()) {
    return ReportError("the answer has no JSON form: " +
                       EscapeControl(printed.ToString()));
  }
  if (!json.ends_with('\n')) json += '\n';
  return PrintText(json, exit_code);
}

}  // namespace

std::shared_ptr<grpc::Channel> ServerChannel() {
  return MakeChannel(absl::GetFlag(FLAGS_server), TlsFilesFromFlags());
}

void PrepareContext(grpc::ClientContext& context) {
  context.set_wait_for_ready(false);
  context.set_deadline(
      absl::ToChronoTime(absl::Now() + absl::GetFlag(FLAGS_timeout)));
}

int ReportFailure(const grpc::Status& status) {
  const ops::TlsFiles tls = TlsFilesFromFlags();
  return ReportError(
      DescribeFailure(status, {.server = absl::GetFlag(FLAGS_server),
                               .tls = !tls.ca.path.empty(),
                               .certificate = !tls.cert.path.empty()}));
}

int PrintJson(const google::protobuf::Message& message, int exit_code) {
  return PrintJsonAs(message, /*one_line=*/false, exit_code);
}

int PrintJsonLine(const google::protobuf::Message& message, int exit_code) {
  return PrintJsonAs(message, /*one_line=*/true, exit_code);
}

int PrintText(const std::string& text, int exit_code) {
  const bool written = std::fputs(text.c_str(), stdout) >= 0;
  if (!written || std::fflush(stdout) != 0) {
    return ReportError("cannot write to standard output");
  }
  return exit_code;
}

}  // namespace gather::client
