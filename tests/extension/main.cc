// An aggregator of someone else's: flags, TLS, logs, metrics, drain and the
// rest come with the library.

#include "server/host/run_aggregator.h"
#include "stay_service.h"

int main(int argc, char** argv) {
  return gather::host::RunAggregator<stay::StayService>(
      argc, argv,
      "Usage: stay [FLAGS]\n"
      "Answers with all that a guest wants to know of a hotel.");
}
