#include <errno.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "grpcpp/grpcpp.h"
#include "server/ops/flags/parse_flags.h"

#ifndef GATHER_VERSION
#define GATHER_VERSION "(no version)"
#endif

namespace gather::ops {
namespace {

constexpr size_t kLineWidth = 80;

// Where flags are defined, and under which heading --help has them, in this
// order.
struct Group {
  absl::string_view where;
  absl::string_view heading;
};
constexpr char kBackends[] = "Backends";
constexpr Group kGroups[] = {
    {"/server/host/channel_flags.cc", kBackends},
    {"/server/host/aggregator_flags.cc", "Requests"},
    {"/server/backends/main.cc", "Answers"},
    {"/server/ops/flags/listen_flags.cc", "Addresses"},
    {"/metrics_flag.cc", "Addresses"},
    {"/server/ops/flags/tls_flags.cc", "TLS"},
    {"/server/ops/flags/limit_flags.cc", "Limits and sizes"},
    {"/server/ops/flags/stop_flags.cc", "Stopping"},
    {"/server/ops/flags/log_flags.cc", "Logs"},
    {"/server/ops/flags/span_flags.cc", "Traces"},
    {"/client/flags.cc", "Calls"},
    {"/client/request.cc", "Overview and watch"},
    {"/client/svg.cc", "Pictures"},
    {"/client/health.cc", "Health"},
    {"/client/tour/", "Tour"},
    // What nobody has thought of comes last, with what every program has.
    {"/client/", "Other"},
    {"/server/backends/", "Other"},
    {"/server/host/", "Other"},
    {"/server/ops/", "Other"},
};
constexpr std::size_t kOther = std::size(kGroups) - 1;

// The place of its group; none for a flag of Abseil, gRPC or another library.
//
// Goes by the end of the path alone: what stands before it differs with how the
// compiler was called, from file to file where a compiler cache rewrites paths.
std::optional<std::size_t> GroupOf(const absl::CommandLineFlag& flag) {
  const std::string path = "/" + flag.Filename();
  for (std::size_t i = 0; i < std::size(kGroups); ++i) {
    if (path.find(std::string(kGroups[i].where)) != std::string::npos) return i;
  }
  return std::nullopt;
}

// "  --name=default" and, below it, the wrapped help.
std::string FlagEntry(const std::string& head, const std::string& help) {
  constexpr char kIndent[] = "\n      ";
  constexpr size_t kIndentColumns = 6;
  std::string out = absl::StrCat("  --", head);
  std::string line;
  const std::vector<std::string> words =
      absl::StrSplit(help, ' ', absl::SkipEmpty());
  for (const std::string& word : words) {
    const bool fits =
        kIndentColumns + line.size() + 1 + word.size() <= kLineWidth;
    if (!line.empty() && !fits) {
      absl::StrAppend(&out, kIndent, line);
      line.clear();
    }
    absl::StrAppend(&line, line.empty() ? "" : " ", word);
  }
  return absl::StrCat(out, kIndent, line, "\n");
}

// What Abseil has no flags for.
std::string FlagsOfAll() {
  return FlagEntry("flagfile=FILE", "Read flags from a file, one a line.") +
         FlagEntry("fromenv=NAME,...",
                   "Take these flags from the environment: FLAGS_NAME.") +
         FlagEntry("tryfromenv=NAME,...",
                   "The same, of those that are there.") +
         FlagEntry("help", "Print this text.") +
         FlagEntry("version", "Print the version.");
}

std::string ProgramName() { return program_invocation_short_name; }

}  // namespace

std::string HelpText(std::string_view usage, std::span<const TextFlag> more) {
  // By heading, and then by name.
  std::map<absl::string_view, std::map<std::string, std::string>> groups;
  const auto add = [&groups](absl::string_view heading, const std::string& name,
                             const std::string& value,
                             const std::string& help) {
    groups[heading][name] =
        FlagEntry(name + "=" + (value.empty() ? "\"\"" : value), help);
  };
  for (const auto& [name, flag] : absl::GetAllFlags()) {
    if (const auto group = GroupOf(*flag)) {
      add(kGroups[*group].heading, std::string(name), flag->DefaultValue(),
          flag->Help());
    }
  }
  for (const TextFlag& flag : more) {
    add(kBackends, flag.name, flag.default_value, flag.help);
  }
  const absl::string_view other = kGroups[kOther].heading;
  groups[other];
  std::string out(usage);
  for (const Group& group : kGroups) {
    const auto found = groups.extract(group.heading);
    if (!found) continue;
    absl::StrAppend(&out, "\n\n", group.heading, ":\n");
    for (const auto& [name, entry] : found.mapped()) out += entry;
    if (group.heading == other) out += FlagsOfAll();
    out.pop_back();  // the next heading begins with a line of its own
  }
  return out + "\n";
}

std::string VersionText() {
  return absl::StrCat(ProgramName(), " " GATHER_VERSION " (gRPC ",
                      grpc::Version(), ")");
}

int ReportBadUsage(std::string_view message) {
  const std::string name = ProgramName();
  std::string line = absl::StrCat(name, ": ");
  for (const char& c : message) {  // it may quote what was typed
    const absl::string_view text(&c, 1);
    absl::StrAppend(&line, absl::ascii_iscntrl(c) ? absl::CHexEscape(text)
                                                  : std::string(text));
  }
  absl::StrAppend(&line, "; see ", name, " --help\n");
  std::fputs(line.c_str(), stderr);
  return kExitBadUsage;
}

}  // namespace gather::ops
