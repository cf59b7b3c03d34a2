#include "client/call.h"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/channel.h"
#include "client/command.h"
#include "client/failure.h"
#include "client/flags.h"
#include "client/json.h"
#include "client/text.h"
#include "client/unknown_section.h"
#include "google/protobuf/message.h"

namespace gather::client {
namespace {

int ReportError(const std::string& what) {
  std::fputs(("gatherctl: " + what + "\n").c_str(), stderr);
  return kFailed;
}

int ReportUnwritable() {
  return ReportError("cannot write to standard output");
}

bool WriteToStdout(std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
}

// Says on stderr, in one line, what `message` has that its JSON has not.
void ReportOmissions(const JsonOmissions& omitted,
                     const google::protobuf::Message& message) {
  std::vector<std::string> left_out = omitted.paths;
  const int64_t more = omitted.count - static_cast<int64_t>(left_out.size());
  if (more > 0) left_out.push_back(absl::StrCat(more, " more like these"));
  for (const UnknownSection& section : FindUnknownSections(message)) {
    left_out.push_back(section.name);
  }
  if (left_out.empty()) return;
  ReportError("not in the JSON: " + absl::StrJoin(left_out, ", "));
}

int PrintJsonAs(const google::protobuf::Message& message, bool one_line,
                int exit_code) {
  JsonOmissions omitted;
  const bool written = WriteJson(message, one_line, WriteToStdout, omitted);
  if (!written || std::fflush(stdout) != 0) return ReportUnwritable();
  ReportOmissions(omitted, message);
  return exit_code;
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
  if (!WriteToStdout(text) || std::fflush(stdout) != 0) {
    return ReportUnwritable();
  }
  return exit_code;
}

}  // namespace gather::client
