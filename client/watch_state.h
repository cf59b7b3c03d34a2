#ifndef GATHER_CLIENT_WATCH_STATE_H_
#define GATHER_CLIENT_WATCH_STATE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/row.h"
#include "client/waterfall.h"
#include "gather/fanout/v1/fanout.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/message.h"

namespace gather::client {

// What has come of a stream so far, and how to show it. Knows no RPC, no clock,
// no terminal and no section: a part of the stream is any message that holds a
// section or a FanOutSummary.
class WatchState {
 public:
  // `part` is the type of the stream's messages. Sections that `read_mask` does
  // not ask for are known not to come; with no mask, the server says which ones
  // do.
  WatchState(const google::protobuf::Descriptor& part,
             const google::protobuf::FieldMask& read_mask);

  // A section takes the row of its name. One that only the server knows gets a
  // row below the others.
  void Add(const google::protobuf::Message& part);

  // No section has come.
  bool empty() const { return landed_ == 0; }

  // The summary has come: the stream is whole.
  bool finished() const { return summary_.has_value(); }
  bool complete() const { return finished() && summary_->complete(); }

  // The bars at `elapsed` after the call, a line each; those of sections in
  // flight end there. What lands changes no frame's height, unless only the
  // server knew of it.
  std::string RenderFrame(absl::Duration elapsed,
                          const WaterfallOptions& options) const;

  // All that has come, as `overview` would show it.
  std::string RenderEnd(const WaterfallOptions& options) const;

  // The section, or the total, that `part` brought, as one line. `part` was
  // added before.
  std::string RenderPart(const google::protobuf::Message& part,
                         const WaterfallOptions& options) const;

 private:
  // Which sections come is up to the server.
  const bool by_default_;
  std::vector<Row> rows_;
  int landed_ = 0;
  std::optional<fanout::v1::FanOutSummary> summary_;
};

}  // namespace gather::client

#endif  // GATHER_CLIENT_WATCH_STATE_H_
