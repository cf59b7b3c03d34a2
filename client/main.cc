#include <cstdlib>

#include "client/command.h"
#include "client/health.h"
#include "client/overview.h"
#include "client/tour/tour.h"
#include "client/watch.h"
#include "server/ops/flags/parse_flags.h"

namespace {

constexpr gather::client::Command kCommands[] = {
    {"overview", "USER", "Show all there is to know about a user.",
     gather::client::RunOverview},
    {"watch", "USER", "Show the same section by section, as it comes.",
     gather::client::RunWatch},
    {"tour", "", "Show concurrency at work, measured on this machine.",
     gather::client::RunTour},
    {"health", "", "Say whether the server can take calls.",
     gather::client::RunHealth},
};

}  // namespace

int main(int argc, char** argv) {
  // gRPC's own log would stand beside the one line that says what failed.
  // Someone who wants it sets the variable.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  return gather::client::RunCommand(
      kCommands, gather::ops::ParseFlagsOrExit(
                     argc, argv, gather::client::UsageText(kCommands)));
}
