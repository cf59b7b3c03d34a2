// The aggregator: one call in, a call of each section's backend out, one answer
// back.

#include "server/aggregator/service.h"
#include "server/host/run_aggregator.h"

int main(int argc, char** argv) {
  return gather::host::RunAggregator<gather::aggregator::AggregatorService>(
      argc, argv,
      "Usage: aggregator [FLAGS]\n"
      "Calls the user, order and product backends at the same time and "
      "answers with what they say.");
}
