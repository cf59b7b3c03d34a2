#include "server/ops/flags/parse_flags.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"

// absl::ParseCommandLine is not used: it ends the program with 1, after a bad
// flag and after --help alike, and nothing in its public interface changes
// that. The flags themselves are set through absl's public reflection.

namespace gather::ops {
namespace {

// A flag file may name another; one that names itself must come to an end.
constexpr int kMaxFlagFileDepth = 8;

std::string Quote(std::string_view text) {
  return absl::StrCat("'", absl::Utf8SafeCEscape({text.data(), text.size()}),
                      "'");
}

absl::CommandLineFlag* FindFlag(std::string_view name) {
  return absl::FindCommandLineFlag({name.data(), name.size()});
}

bool IsBool(const absl::CommandLineFlag* flag) {
  return flag != nullptr && flag->IsOfType<bool>();
}

bool IsInteger(const absl::CommandLineFlag& flag) {
  return flag.IsOfType<int32_t>() || flag.IsOfType<int64_t>() ||
         flag.IsOfType<uint16_t>() || flag.IsOfType<uint32_t>() ||
         flag.IsOfType<uint64_t>();
}

// What to say about a value that `flag` did not take; `error` is Abseil's.
std::string WhyNot(const absl::CommandLineFlag& flag, const std::string& value,
                   std::string_view error) {
  if (flag.IsOfType<absl::Duration>()) {
    return absl::StrCat(Quote(value),
                        " is not a duration such as 2s or 1500ms");
  }
  if (IsInteger(flag))
    return absl::StrCat(Quote(value), " is not a whole number in range");
  if (flag.IsOfType<double>())
    return absl::StrCat(Quote(value), " is not a number");
  if (flag.IsOfType<bool>())
    return absl::StrCat(Quote(value), " is not true or false");
  // Abseil puts the flag and the value, which this line has already, before
  // what the flag's own type has to say.
  const size_t own = error.find("; ");
  if (own != std::string_view::npos) error.remove_prefix(own + 2);
  return absl::StrCat(Quote(value), ": ",
                      absl::string_view(error.data(), error.size()));
}

absl::Status SetFlag(absl::CommandLineFlag& flag, const std::string& value) {
  std::string error;
  if (flag.ParseFrom(value, &error)) return absl::OkStatus();
  const absl::string_view name = flag.Name();
  return FlagError({name.data(), name.size()}, WhyNot(flag, value, error));
}

// Reads one list of arguments: that of the program, or that of a flag file.
class FlagParser {
 public:
  FlagParser(CommandLine& result, std::span<TextFlag> more)
      : result_(result), more_(more) {}
  // Passes over all flags but `only`.
  FlagParser(CommandLine& result, const std::string& only)
      : result_(result), only_(only) {}

  absl::Status Parse(const std::vector<std::string>& arguments, int depth = 0) {
    for (size_t i = 0; i < arguments.size(); ++i) {
      const std::string& argument = arguments[i];
      if (argument == "--") {
        result_.arguments.insert(result_.arguments.end(),
                                 arguments.begin() + i + 1, arguments.end());
        break;
      }
      if (argument.size() < 2 || argument[0] != '-') {
        result_.arguments.push_back(argument);
        continue;
      }
      if (absl::Status set = ParseFlag(arguments, i, depth); !set.ok()) {
        return set;
      }
      if (result_.action != CommandLine::Action::kRun) break;
    }
    return absl::OkStatus();
  }

 private:
  // Handles the flag at `i`; leaves `i` at the last argument that is part of
  // it.
  absl::Status ParseFlag(const std::vector<std::string>& arguments, size_t& i,
                         int depth) {
    std::string name = arguments[i].substr(arguments[i][1] == '-' ? 2 : 1);
    std::optional<std::string> value;
    if (const size_t equals = name.find('='); equals != std::string::npos) {
      value = name.substr(equals + 1);
      name.resize(equals);
    }
    if (name == "help" || name == "h" || name == "version") {
      result_.action = name == "version" ? CommandLine::Action::kVersion
                                         : CommandLine::Action::kHelp;
      return absl::OkStatus();
    }
    const bool generates =
        name == "flagfile" || name == "fromenv" || name == "tryfromenv";
    if (!only_.empty() && name != only_ && !generates) {
      const bool has_next =
          i + 1 < arguments.size() && !absl::StartsWith(arguments[i + 1], "--");
      if (!value && !IsSwitch(name) && has_next) ++i;
      return absl::OkStatus();
    }
    TextFlag* text = FindText(name);
    absl::CommandLineFlag* flag = generates ? nullptr : FindFlag(name);
    if (flag == nullptr && text == nullptr && !generates) {
      return SetNegated(name, value);
    }
    if (!value && IsBool(flag)) value = "true";
    if (!value) {
      // A second flag is more likely than a value that begins with two dashes;
      // such a value can still be given after '='.
      if (i + 1 == arguments.size() || arguments[i + 1].starts_with("--")) {
        return FlagError(name, "needs a value");
      }
      value = arguments[++i];
    }
    if (name == "flagfile") return ParseFile(*value, depth);
    if (generates) return ParseEnvironment(*value, name == "fromenv");
    if (text == nullptr) return SetFlag(*flag, *value);
    text->value = *value;
    return absl::OkStatus();
  }

  // A bool flag, or one with `no` before it.
  static bool IsSwitch(const std::string& name) {
    return IsBool(FindFlag(name)) ||
           (name.starts_with("no") && IsBool(FindFlag(name.substr(2))));
  }

  TextFlag* FindText(const std::string& name) {
    for (TextFlag& flag : more_) {
      if (flag.name == name) return &flag;
    }
    return nullptr;
  }

  // `--noflag` for a bool flag; any other name is one that does not exist.
  absl::Status SetNegated(const std::string& name,
                          const std::optional<std::string>& value) {
    absl::CommandLineFlag* flag =
        name.starts_with("no") ? FindFlag(name.substr(2)) : nullptr;
    if (!IsBool(flag)) {
      return absl::InvalidArgumentError(
          absl::StrCat("unknown flag ", Quote("--" + name)));
    }
    if (value) return FlagError(name, "takes no value");
    return SetFlag(*flag, "false");
  }

  absl::Status ParseFile(const std::string& path, int depth) {
    if (depth == kMaxFlagFileDepth) {
      return FlagError("flagfile", Quote(path) + " is nested too deep");
    }
    std::ifstream file(path);
    if (!file)
      return FlagError("flagfile", absl::StrCat("cannot read ", Quote(path)));
    std::vector<std::string> lines;
    std::string line;
    while (std::getline(file, line)) {
      absl::StripAsciiWhitespace(&line);
      if (line.empty() || line[0] == '#') continue;
      if (line[0] != '-' || line == "--") {
        return FlagError("flagfile", absl::StrCat(Quote(line), " in ", path,
                                                  " is not a flag"));
      }
      lines.push_back(line);
    }
    if (file.bad())
      return FlagError("flagfile", absl::StrCat("cannot read ", Quote(path)));
    return Parse(lines, depth + 1);
  }

  absl::Status ParseEnvironment(const std::string& names, bool required) {
    const std::vector<std::string> list =
        absl::StrSplit(names, ',', absl::SkipEmpty());
    for (const std::string& name : list) {
      if (!only_.empty() && name != only_) continue;
      absl::CommandLineFlag* flag = FindFlag(name);
      TextFlag* text = FindText(name);
      if (flag == nullptr && text == nullptr) {
        return absl::InvalidArgumentError(
            absl::StrCat("unknown flag ", Quote("--" + name)));
      }
      const char* value = std::getenv(("FLAGS_" + name).c_str());
      if (value == nullptr && required) {
        return FlagError(name, "FLAGS_" + name + " is not in the environment");
      }
      if (value == nullptr) continue;
      if (text != nullptr) {
        text->value = value;
        continue;
      }
      if (absl::Status set = SetFlag(*flag, value); !set.ok()) return set;
    }
    return absl::OkStatus();
  }

  CommandLine& result_;
  const std::span<TextFlag> more_;
  const std::string only_;  // empty for all
};

}  // namespace

absl::StatusOr<CommandLine> ParseFlags(
    const std::vector<std::string>& arguments, std::span<TextFlag> more) {
  CommandLine result;
  absl::Status parsed = FlagParser(result, more).Parse(arguments);
  if (!parsed.ok()) return parsed;
  return result;
}

absl::Status ReadFlagAgain(const std::string& name,
                           const std::vector<std::string>& arguments) {
  absl::CommandLineFlag* const flag = FindFlag(name);
  if (flag == nullptr) return FlagError(name, "does not exist");
  const std::string before = flag->CurrentValue();
  CommandLine ignored;
  absl::Status read = SetFlag(*flag, flag->DefaultValue());
  if (read.ok()) read = FlagParser(ignored, name).Parse(arguments);
  if (!read.ok()) (void)SetFlag(*flag, before);
  return read;
}

std::vector<std::string> ParseFlagsOrExit(int argc, char** argv,
                                          std::string_view usage,
                                          std::span<TextFlag> more) {
  absl::StatusOr<CommandLine> line = ParseFlags(
      std::vector<std::string>(argv + (argc > 0), argv + argc), more);
  if (!line.ok()) {
    const absl::string_view message = line.status().message();
    std::exit(ReportBadUsage({message.data(), message.size()}));
  }
  if (line->action == CommandLine::Action::kRun) {
    return std::move(line->arguments);
  }
  const std::string text = line->action == CommandLine::Action::kHelp
                               ? HelpText(usage, more)
                               : VersionText() + "\n";
  std::fputs(text.c_str(), stdout);
  std::exit(std::fflush(stdout) == 0 ? 0 : 1);
}

absl::Status FlagError(std::string_view flag, std::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("--", absl::string_view(flag.data(), flag.size()), ": ",
                   absl::string_view(why.data(), why.size())));
}

absl::Status CheckFlagPositive(std::string_view flag, absl::Duration value) {
  if (value > absl::ZeroDuration() && value <= kLongestFlag) {
    return absl::OkStatus();
  }
  return FlagError(flag,
                   absl::StrCat("must be more than 0 and at most a year, not ",
                                absl::FormatDuration(value)));
}

}  // namespace gather::ops
