#include <errno.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <map>
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

// True for a flag that is defined in this repository, as against those of
// Abseil, gRPC or another library. Goes by the folder alone: what stands before
// it differs with how the compiler was called, from file to file where a
// compiler cache rewrites paths.
bool IsOurs(const absl::CommandLineFlag& flag) {
  const std::string path = "/" + flag.Filename();
  for (const char* folder :
       {"/client/", "/server/backends/", "/server/host/", "/server/ops/"}) {
    if (path.find(folder) != std::string::npos) return true;
  }
  return false;
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

std::string ProgramName() { return program_invocation_short_name; }

}  // namespace

std::string HelpText(std::string_view usage, std::span<const TextFlag> more) {
  std::map<std::string, std::string> entries;
  const auto add = [&entries](const std::string& name, const std::string& value,
                              const std::string& help) {
    entries[name] =
        FlagEntry(name + "=" + (value.empty() ? "\"\"" : value), help);
  };
  for (const auto& [name, flag] : absl::GetAllFlags()) {
    if (IsOurs(*flag)) {
      add(std::string(name), flag->DefaultValue(), flag->Help());
    }
  }
  for (const TextFlag& flag : more) {
    add(flag.name, flag.default_value, flag.help);
  }
  std::string out = std::string(usage) + "\n\nFlags:\n";
  for (const auto& [name, entry] : entries) out += entry;
  out += FlagEntry("flagfile=FILE", "Read flags from a file, one a line.");
  out += FlagEntry("fromenv=NAME,...",
                   "Take these flags from the environment: FLAGS_NAME.");
  out += FlagEntry("tryfromenv=NAME,...", "The same, of those that are there.");
  out += FlagEntry("help", "Print this text.");
  out += FlagEntry("version", "Print the version.");
  return out;
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
