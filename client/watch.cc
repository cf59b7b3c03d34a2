#include "client/watch.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/call.h"
#include "client/command.h"
#include "client/flags.h"
#include "client/request.h"
#include "client/svg.h"
#include "client/terminal.h"
#include "client/watch_state.h"
#include "client/waterfall.h"
#include "gather/aggregator/v1/aggregator.grpc.pb.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/sync_stream.h"
#include "server/ops/flags/parse_flags.h"

namespace gather::client {
namespace {

using gather::aggregator::v1::AggregatorService;
using gather::aggregator::v1::StreamOverviewRequest;
using gather::aggregator::v1::StreamOverviewResponse;
using Reader = grpc::ClientReader<StreamOverviewResponse>;

constexpr auto kFrameTime = std::chrono::milliseconds(50);

// A stream that ended well without its last message was cut.
grpc::Status CheckEnd(const grpc::Status& status, const WatchState& state) {
  if (!status.ok() || state.finished()) return status;
  return {grpc::StatusCode::INTERNAL, "the stream ended without its summary"};
}

int ExitCodeOf(const grpc::Status& status, const WatchState& state) {
  if (!status.ok()) return ReportFailure(status);
  return state.complete() ? kComplete : kPartial;
}

// A line, or a JSON message, for each part as it comes.
int PrintParts(grpc::ClientContext& context, Reader& reader, WatchState& state,
               const WaterfallOptions& options) {
  const bool json = absl::GetFlag(FLAGS_output) == OutputFormat::kJson;
  int printed = kComplete;
  StreamOverviewResponse part;
  while (printed == kComplete && reader.Read(&part)) {
    state.Add(part);
    printed = json ? PrintJsonLine(part, kComplete)
                   : PrintText(state.RenderPart(part, options), kComplete);
  }
  // Nobody reads: the server need not go on.
  if (printed != kComplete) context.TryCancel();
  const grpc::Status status = reader.Finish();
  if (printed != kComplete) return printed;
  return ExitCodeOf(CheckEnd(status, state), state);
}

// Draws frames over each other while a thread reads the stream.
class LiveView {
 public:
  LiveView(WatchState& state, const WaterfallOptions& options)
      : state_(state), options_(options) {}

  int Run(Reader& reader) {
    grpc::Status status;
    {
      const std::jthread reading([&] { status = Read(reader); });
      Animate();
    }
    status = CheckEnd(status, state_);
    WaterfallOptions options = options_;
    if (!status.ok()) options.absent = "did not come";
    const bool nothing = !status.ok() && state_.empty();
    const int drawn = Draw(nothing ? "" : state_.RenderEnd(options));
    if (drawn != kComplete) return drawn;
    return ExitCodeOf(status, state_);
  }

 private:
  grpc::Status Read(Reader& reader) {
    StreamOverviewResponse part;
    while (reader.Read(&part)) {
      const std::lock_guard lock(mutex_);
      state_.Add(part);
      changed_ = true;
      news_.notify_one();
    }
    grpc::Status status = reader.Finish();
    const std::lock_guard lock(mutex_);
    ended_ = true;
    news_.notify_one();
    return status;
  }

  void Animate() {
    const absl::Time start = absl::Now();
    std::unique_lock lock(mutex_);
    while (!ended_) {
      const std::string frame =
          state_.RenderFrame(absl::Now() - start, options_);
      changed_ = false;
      lock.unlock();
      (void)Draw(frame);
      lock.lock();
      news_.wait_for(lock, kFrameTime, [this] { return changed_ || ended_; });
    }
  }

  // Over the frame before, line by line: each is cleared to its end, and so is
  // what is below, so that nothing flickers and nothing stays.
  int Draw(const std::string& frame) {
    std::string out;
    if (lines_ > 0) absl::StrAppend(&out, "\x1b[", lines_, "A\r");
    out += absl::StrReplaceAll(frame, {{"\n", "\x1b[K\n"}});
    out += "\x1b[J";
    lines_ = static_cast<int>(std::count(frame.begin(), frame.end(), '\n'));
    return PrintText(out, kComplete);
  }

  WatchState& state_;  // guarded by mutex_ while the thread reads
  const WaterfallOptions options_;
  int lines_ = 0;  // of the frame that is on the screen
  std::mutex mutex_;
  std::condition_variable news_;
  bool changed_ = false;
  bool ended_ = false;
};

}  // namespace

int RunWatch(const std::vector<std::string>& arguments) {
  if (!absl::GetFlag(FLAGS_svg).empty()) {
    return ops::ReportBadUsage("--svg: not with watch");
  }
  StreamOverviewRequest request;
  const absl::Status filled =
      FillRequest(arguments[0], ReadOverviewFlags(), request);
  if (!filled.ok()) return ops::ReportBadUsage(std::string(filled.message()));

  const auto stub = AggregatorService::NewStub(ServerChannel());
  grpc::ClientContext context;
  PrepareContext(context);
  WatchState state(*StreamOverviewResponse::descriptor(), request.read_mask());
  const OutputContext output = StdoutContext();
  const WaterfallOptions options = ChooseOptions(output);
  const std::unique_ptr<Reader> reader =
      stub->StreamOverview(&context, request);
  const bool json = absl::GetFlag(FLAGS_output) == OutputFormat::kJson;
  if (CanRedraw(output) && !json) return LiveView(state, options).Run(*reader);
  return PrintParts(context, *reader, state, options);
}

}  // namespace gather::client
