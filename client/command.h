#ifndef GATHER_CLIENT_COMMAND_H_
#define GATHER_CLIENT_COMMAND_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/ops/flags/parse_flags.h"

namespace gather::client {

// What gatherctl exits with; scripts rely on the numbers.
enum ExitCode : int {
  kComplete = 0,  // All that was asked for is there.
  kFailed = 1,    // The call failed, or the server is not serving.
  kBadUsage = ops::kExitBadUsage,
  kPartial = 3,  // An answer in which some section failed.
};

// A row in main.cc's table. A new command is a file with its function, and
// such a row.
struct Command {
  std::string_view name;

  // The names of the arguments it takes, all of them needed: "USER".
  std::string_view operands;

  // What it does, for --help.
  std::string_view summary;

  // Runs it with one argument for each operand, none of them empty; prints the
  // outcome and returns the exit code.
  int (*run)(const std::vector<std::string>& arguments);
};

// Finds the command that `arguments` begins with and runs it with the others.
// A command line that fits no row gets one line on stderr and kBadUsage.
int RunCommand(std::span<const Command> commands,
               const std::vector<std::string>& arguments);

// The text before the flags in --help.
std::string UsageText(std::span<const Command> commands);

}  // namespace gather::client

#endif  // GATHER_CLIENT_COMMAND_H_
