#include "client/command.h"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/flags.h"
#include "client/text.h"

namespace gather::client {
namespace {

std::string Quote(std::string_view text) {
  return absl::StrCat("'", EscapeControl(text), "'");
}

// "" where `arguments`, the command's name first, fit `command`; else what is
// wrong with them.
std::string CheckOperands(const Command& command,
                          const std::vector<std::string>& arguments) {
  const std::vector<std::string> operands =
      absl::StrSplit(std::string(command.operands), ' ', absl::SkipEmpty());
  const std::string name(command.name);
  for (size_t i = 0; i < operands.size(); ++i) {
    if (i + 1 >= arguments.size()) return name + ": missing " + operands[i];
    if (arguments[i + 1].empty()) return name + ": empty " + operands[i];
  }
  if (arguments.size() > operands.size() + 1) {
    return name + ": unexpected argument " +
           Quote(arguments[operands.size() + 1]);
  }
  return "";
}

}  // namespace

int RunCommand(std::span<const Command> commands,
               const std::vector<std::string>& arguments) {
  if (arguments.empty()) return ops::ReportBadUsage("missing command");
  const auto command = std::find_if(
      commands.begin(), commands.end(),
      [&](const Command& each) { return each.name == arguments[0]; });
  if (command == commands.end()) {
    return ops::ReportBadUsage(
        absl::StrCat("unknown command ", Quote(arguments[0])));
  }
  const std::string wrong = CheckOperands(*command, arguments);
  if (!wrong.empty()) return ops::ReportBadUsage(wrong);
  if (const absl::Status flags = CheckCommonFlags(); !flags.ok()) {
    return ops::ReportBadUsage(std::string(flags.message()));
  }
  return command->run({arguments.begin() + 1, arguments.end()});
}

std::string UsageText(std::span<const Command> commands) {
  constexpr size_t kSynopsisColumns = 14;
  std::string out =
      "Calls a Gather aggregator and shows what came back.\n\n"
      "Usage: gatherctl COMMAND [ARGUMENTS] [FLAGS]\n\n"
      "Commands:\n";
  for (const Command& command : commands) {
    std::string synopsis(command.name);
    if (!command.operands.empty())
      synopsis.append(" ").append(command.operands);
    absl::StrAppend(&out, "  ", PadRight(synopsis, kSynopsisColumns), "  ",
                    std::string(command.summary), "\n");
  }
  return out +
         "\nExit code: 0 complete, 1 failed, 2 bad usage, 3 partial answer";
}

}  // namespace gather::client
