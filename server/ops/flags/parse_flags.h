#ifndef GATHER_SERVER_OPS_FLAGS_PARSE_FLAGS_H_
#define GATHER_SERVER_OPS_FLAGS_PARSE_FLAGS_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace gather::ops {

// The exit code of a program that was called the wrong way.
inline constexpr int kExitBadUsage = 2;

// A flag that takes a text, for what is known only at run time to have one: an
// Abseil flag is a static object of its own. It is set and shown like those.
struct TextFlag {
  std::string name;
  std::string default_value;
  std::string help;
  std::string value = default_value;
};

// Sets the Abseil flags, and those in `more`, that `argv` names and returns the
// other arguments, without the program's name. Call it once, first thing in
// main.
//
// The syntax is that of absl::ParseCommandLine: `--flag=value`, `--flag value`,
// `--bool`, `--nobool`, one dash or two, `--` before arguments that begin with
// a dash, `--flagfile=FILE`, `--fromenv=a,b` and `--tryfromenv=a,b`. Where a
// flag is set twice, the later one counts.
//
// Does not return
//   after --help, -h or --version: exit 0, the text on stdout. Help is `usage`
//     and the flags of this repository that are linked into the program;
//   after a flag that does not exist or a value that it can't hold: exit
//     kExitBadUsage, with one line on stderr.
//
//   int main(int argc, char** argv) {
//     const auto arguments =
//         gather::ops::ParseFlagsOrExit(argc, argv, "Usage: backend [FLAGS]");
//     if (absl::Status ok = CheckFlags(); !ok.ok()) {
//       return gather::ops::ReportBadUsage(ok.message());
//     }
std::vector<std::string> ParseFlagsOrExit(int argc, char** argv,
                                          std::string_view usage,
                                          std::span<TextFlag> more = {});

// Writes "program: message; see program --help" to stderr, as one line.
// Returns kExitBadUsage, for main to return.
int ReportBadUsage(std::string_view message);

// INVALID_ARGUMENT "--flag: why": what a check of a flag's value returns.
absl::Status FlagError(std::string_view flag, std::string_view why);

// An error unless `value` is from `low` to `high`, both included.
template <typename T>
absl::Status CheckFlagRange(std::string_view flag, T value, T low, T high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return FlagError(
      flag, absl::StrCat("must be from ", low, " to ", high, ", not ", value));
}

// The longest duration that a flag takes: what is added to a time must not
// overflow.
inline constexpr absl::Duration kLongestFlag = absl::Hours(24 * 365);

// An error unless `value` is more than zero and at most kLongestFlag.
absl::Status CheckFlagPositive(std::string_view flag, absl::Duration value);

// What a command line asks for.
struct CommandLine {
  enum class Action { kRun, kHelp, kVersion };

  Action action = Action::kRun;
  std::vector<std::string> arguments;
};

// The part of ParseFlagsOrExit that neither prints nor exits. `arguments` is
// without the program's name. INVALID_ARGUMENT with a line that names what is
// wrong; the flags before it are set by then.
absl::StatusOr<CommandLine> ParseFlags(
    const std::vector<std::string>& arguments, std::span<TextFlag> more = {});

// Sets flag `name` anew from the same arguments, whose flag files may have
// changed meanwhile, and no other flag; to its default where none of them has
// it. INVALID_ARGUMENT as above, and then the flag is what it was.
absl::Status ReadFlagAgain(const std::string& name,
                           const std::vector<std::string>& arguments);

// `usage`, followed by this repository's flags with their defaults.
std::string HelpText(std::string_view usage,
                     std::span<const TextFlag> more = {});

// The program's name and version, and that of the gRPC which it runs on:
// "gatherctl 0.1.0 (gRPC 1.51.1)".
std::string VersionText();

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_FLAGS_PARSE_FLAGS_H_
