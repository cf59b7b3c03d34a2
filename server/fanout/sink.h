#ifndef GATHER_SERVER_FANOUT_SINK_H_
#define GATHER_SERVER_FANOUT_SINK_H_

#include <cstddef>
#include <type_traits>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "gather/fanout/v1/fanout.pb.h"
#include "google/protobuf/message.h"
#include "server/async/bounded_queue.h"
#include "server/async/event_loop.h"
#include "server/async/task.h"
#include "server/fanout/answer_limit.h"
#include "server/fanout/fan_out.h"
#include "server/fanout/fetch.h"
#include "server/fanout/section_stats.h"
#include "server/rpc/spliced.h"
#include "server/rpc/stream_method.h"

// Where sections land, one by one as their branches end: a response, or a
// stream. Landing never waits, so that what ended first lands first.
//
// Thread: the loop's. Lifetime: what a sink is given must outlive it, and it
// the branches.
namespace gather::fanout {

// A unary answer. A section that failed is told of as it lands, so that a
// required one ends the request at once; those that arrived once all have, as
// one may have to go for the others to reach the caller (answer_limit.h).
template <typename Response>
class ResponseSink {
 public:
  explicit ResponseSink(rpc::Spliced<Response>* response)
      : response_(response) {}

  // A section that is only there for who names it is not even mentioned.
  template <typename S>
  void Skip() {
    if constexpr (!OnlyOnRequest<S>()) {
      S::In(response_->message())
          ->mutable_status()
          ->set_state(v1::SECTION_STATE_NOT_REQUESTED);
    }
  }

  template <typename S>
  void Land(FanOut& fan_out, std::size_t place, SectionStats& stats,
            Fetched<S>& fetched) {
    auto* section = S::In(response_->message());
    if (!fetched.landing.has_reply()) {
      fan_out.Land(place, fetched.landing, section->mutable_status(), stats);
      return;
    }
    using Section = std::remove_pointer_t<decltype(section)>;
    if (fan_out.plan.requested.Has(place)) Fill(fetched, *response_);
    arrivals_.push_back(
        {.place = place,
         .landing = fetched.landing,
         .field = FieldOf<S, Response>(),
         .section = section,
         .status_of =
             [](google::protobuf::Message* message) {
               return static_cast<Section*>(message)->mutable_status();
             },
         .stats = &stats});
  }

  // Once all have landed.
  void Settle(FanOut& fan_out) {
    FitAnswer(*response_, {arrivals_.data(), arrivals_.size()},
              fan_out.settings.max_answer_bytes);
    for (const Arrival& arrival : arrivals_) {
      fan_out.Land(arrival.place, arrival.landing,
                   arrival.status_of(arrival.section), *arrival.stats);
    }
  }

  void Finish(const FanOut& fan_out) {
    fan_out.Summarize(&response_->message());
  }

 private:
  static constexpr std::size_t kUsualSections = 4;

  rpc::Spliced<Response>* const response_;
  // Of most products without an allocation.
  absl::InlinedVector<Arrival, kUsualSections> arrivals_;
};

// A stream of parts, each a section or, last, the summary:
// asyncio.as_completed. The branches put parts into a queue, and a writer sends
// them, first come first served. A slow reader holds the writer, nobody else.
template <typename Part>
class StreamSink {
 public:
  // For so many sections, each of which has room: no branch ever waits.
  StreamSink(async::EventLoop& loop, std::size_t sections)
      : parts_(loop, sections + 1) {}

  // A stream has no part for what was not asked for.
  template <typename S>
  void Skip() {}

  template <typename S>
  void Land(FanOut& fan_out, std::size_t place, SectionStats& stats,
            Fetched<S>& fetched) {
    // The stream is at its end: what it says of this section would be that the
    // call was cancelled, which is this server's doing and no news.
    const bool late = fan_out.stopped() && !fan_out.stopped_early();
    const bool shown = fan_out.plan.requested.Has(place);
    rpc::Spliced<Part> part;
    if (shown) Fill(fetched, part);
    if (fetched.landing.has_reply()) {
      auto too_large =
          FitPart(part, fetched.landing, fan_out.settings.max_answer_bytes);
      if (too_large) {
        fetched.landing.failure = std::move(too_large);
        part.Clear(FieldOf<S, Part>());
      }
    }
    fan_out.Land(place, fetched.landing,
                 S::In(part.message())->mutable_status(), stats);
    if (shown && !late && !fan_out.score.ended()) {
      parts_.TryPush(std::move(part));
    }
  }

  // Each was told of as it landed.
  void Settle(FanOut&) {}

  void Finish(const FanOut& fan_out) {
    rpc::Spliced<Part> part;
    fan_out.Summarize(part.message().mutable_summary());
    parts_.TryPush(std::move(part));
  }

  // Held by who lands the parts: once it goes, none comes after those that are
  // there.
  typename async::BoundedQueue<rpc::Spliced<Part>>::Closer Closer() {
    return typename async::BoundedQueue<rpc::Spliced<Part>>::Closer(parts_);
  }

  // Sends parts as they come, until that is gone. Where the reader is gone,
  // stops the fan-out: nobody is left to fetch for.
  async::Task<> Send(FanOut& fan_out,
                     rpc::StreamWriter<rpc::Spliced<Part>>& writer) {
    const Leaving leaving(fan_out);
    while (true) {
      const absl::StatusOr<rpc::Spliced<Part>> part = co_await parts_.Pop();
      if (!part.ok()) co_return;
      const bool sent = co_await writer.Write(*part);
      if (!sent) fan_out.RequestStop();
    }
  }

 private:
  // However the sender ends: by then all have landed, or nobody sends what
  // does.
  class Leaving {
   public:
    explicit Leaving(FanOut& fan_out) : fan_out_(fan_out) {}
    ~Leaving() { fan_out_.RequestStop(); }
    Leaving(const Leaving&) = delete;
    Leaving& operator=(const Leaving&) = delete;

   private:
    FanOut& fan_out_;
  };

  async::BoundedQueue<rpc::Spliced<Part>> parts_;
};

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_SINK_H_
