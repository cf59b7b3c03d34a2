// What the loop ran, and when, as its recorder was told.

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/text.h"
#include "client/tour/backends.h"
#include "client/tour/calls.h"
#include "client/tour/chapters.h"
#include "server/async/event_loop.h"

namespace gather::client::tour {
namespace {

// One turn of one piece of work on the loop.
struct Turn {
  std::string activity;
  Clock::time_point start;
  Clock::time_point end;
};

class TurnRecorder final : public async::LoopRecorder {
 public:
  void OnRun(const char* activity) override {
    const Clock::time_point now = Clock::now();
    EndTurn(now);
    turns_.push_back({activity == nullptr ? "" : activity, now, now});
    running_ = true;
  }
  void OnPause() override { EndTurn(Clock::now()); }

  const std::vector<Turn>& turns() const { return turns_; }

 private:
  void EndTurn(Clock::time_point now) {
    if (running_) turns_.back().end = now;
    running_ = false;
  }

  std::vector<Turn> turns_;
  bool running_ = false;
};

double Microseconds(Clock::duration duration) {
  return std::chrono::duration<double, std::micro>(duration).count();
}

std::string Describe(const Turn& turn, Clock::time_point zero) {
  const double start = Microseconds(turn.start - zero) / 1000;
  return absl::StrFormat(
      "%9.2f ms  %s ran %6.0f us", start,
      PadRight(turn.activity.empty() ? "(start)" : turn.activity, 9),
      Microseconds(turn.end - turn.start));
}

}  // namespace

Report RunLoopTimeline(double scale) {
  const Backends backends(scale);
  async::EventLoop loop;
  TurnRecorder recorder;
  // tour: begin
  loop.set_recorder(&recorder);  // is told of each turn
  const std::vector<Span> spans = GatherOnLoop(loop, backends);
  loop.set_recorder(nullptr);
  // tour: end

  Report report;
  report.Draw(spans);
  Clock::duration ran{};
  bool apart = true;
  int turns_of_calls = 0;
  Clock::time_point last = recorder.turns().front().start;
  for (const Turn& turn : recorder.turns()) {
    report.lines.push_back(Describe(turn, recorder.turns().front().start));
    ran += turn.end - turn.start;
    apart = apart && turn.start >= last;
    last = turn.end;
    turns_of_calls += static_cast<int>(std::count_if(
        spans.begin(), spans.end(),
        [&](const Span& span) { return span.name == turn.activity; }));
  }
  report.Measured("ran", ran);
  report.Measured("total", Total(spans));
  report.Measured("turns", static_cast<double>(recorder.turns().size()));
  // To start, and when its answer came.
  report.Says("each call had its turns, and no two ran at the same time",
              apart && turns_of_calls >= 2 * static_cast<int>(spans.size()));
  report.Says(
      absl::StrCat("all of it took ", Say(ran), " of ", Say(Total(spans)),
                   "; for the rest the thread was free"),
      ran < Total(spans) / 2);
  return report;
}

}  // namespace gather::client::tour
