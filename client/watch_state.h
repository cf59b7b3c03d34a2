#ifndef GATHER_CLIENT_WATCH_STATE_H_
#define GATHER_CLIENT_WATCH_STATE_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/row.h"
#include "client/waterfall.h"
#include "gather/aggregator/v1/aggregator.pb.h"

namespace gather::client {

// What has come of a stream so far, and how to show it. Knows no RPC, no clock
// and no terminal.
class WatchState {
 public:
  // Sections that `request` does not ask for are known not to come.
  explicit WatchState(
      const gather::aggregator::v1::StreamOverviewRequest& request);

  void Add(const gather::aggregator::v1::StreamOverviewResponse& part);

  // No section has come.
  bool empty() const { return landed_ == 0; }

  // The summary has come: the stream is whole.
  bool finished() const { return finished_; }
  bool complete() const { return overview_.complete(); }

  // The bars at `elapsed` after the call, a line each; those of sections in
  // flight end there. Each frame has as many lines as the last.
  std::string RenderFrame(absl::Duration elapsed,
                          const WaterfallOptions& options) const;

  // All that has come, as `overview` would show it.
  std::string RenderEnd(const WaterfallOptions& options) const;

  // The section, or the total, that `part` brought, as one line.
  std::string RenderPart(
      const gather::aggregator::v1::StreamOverviewResponse& part,
      const WaterfallOptions& options) const;

 private:
  gather::aggregator::v1::GetOverviewResponse overview_;
  int landed_ = 0;
  bool finished_ = false;
};

}  // namespace gather::client

#endif  // GATHER_CLIENT_WATCH_STATE_H_
