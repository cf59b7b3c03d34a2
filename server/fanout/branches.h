#ifndef GATHER_SERVER_FANOUT_BRANCHES_H_
#define GATHER_SERVER_FANOUT_BRANCHES_H_

#include <algorithm>
#include <cstddef>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "server/async/clock.h"
#include "server/async/gather.h"
#include "server/async/task.h"
#include "server/fanout/backend_of.h"
#include "server/fanout/fan_out.h"
#include "server/fanout/fetch.h"
#include "server/fanout/landing.h"
#include "server/fanout/permit.h"
#include "server/fanout/policy/backend_policies.h"
#include "server/fanout/reason.h"
#include "server/fanout/reuse/reused_section.h"
#include "server/fanout/reuse/stale_answer.h"
#include "server/fanout/scatter.h"
#include "server/fanout/section.h"
#include "server/fanout/stages.h"

namespace gather::fanout {

// What a section asks its backend, or why it can't; neither where nobody needs
// it.
template <typename S>
struct Asked {
  std::optional<RequestsOf<S>> requests;
  std::optional<Failure> failure;
};

// The branches of one fan-out, a coroutine for each section. A branch calls its
// section's backend, lands what comes of it in the sink, and goes on to the
// sections that come after it, which are branches of its own:
//
//   Gather(Branch<User>, Branch<Orders>, Branch<Products>)
//                           `-- then Gather(Branch<Purchases>)
//
// So the sections that need no other start together, each other one starts the
// moment its dependency is there, and who waits for the first ones waits for
// all.
//
// Thread: the loop's. Lifetime: what it is given must outlive it, and it the
// await. Cancellation: the fan-out's.
template <typename Product, typename Sink>
class Branches {
 public:
  using Request = typename Product::Request;
  using Sections = typename Product::Sections;
  using Backends = typename Sections::template TupleOf<BackendOf>;

  Branches(FanOut& fan_out, Backends& backends, const Request& request,
           Sink& sink)
      : fan_out_(fan_out),
        backends_(backends),
        request_(request),
        sink_(sink) {}
  Branches(const Branches&) = delete;
  Branches& operator=(const Branches&) = delete;

  // An awaitable of all branches. What it gives is for NoteBroken().
  auto All() { return First(FirstOf<Sections>()); }

  // A branch that could not even land its failure costs the request: its
  // section is in no known state.
  template <typename... Outcome>
  void NoteBroken(const std::tuple<Outcome...>& branches) {
    std::apply(
        [this](const auto&... branch) {
          ((branch.ok() ? void() : fan_out_.score.Abort(branch)), ...);
        },
        branches);
  }

 private:
  template <typename S>
  static constexpr std::size_t kPlace = Sections::template IndexOf<S>();

  template <typename S>
  bool Needs() const {
    return fan_out_.plan.needed.Has(kPlace<S>);
  }
  template <typename S>
  BackendOf<S>& BackendFor() {
    return std::get<kPlace<S>>(backends_);
  }

  template <typename... S>
  auto First(Pack<S...>) {
    return async::Gather(Branch<S>(Ask<S>())...);
  }
  // Those that come after `section`. Their requests are made here and now, of
  // its reply; nothing is called before the await.
  template <typename S, typename... Next>
  auto After(const Fetched<S>& section, Pack<Next...>) {
    return async::Gather(Branch<Next>(AskAfter<Next>(section))...);
  }

  // One branch: gets a section, lands it in the sink, whatever comes of it, and
  // goes on to those that come after it. Nothing that a section's own code
  // throws gets further.
  template <typename S>
  async::Task<> Branch(Asked<S> asked) {
    using Next = AfterOf<S, Sections>;
    if (!Needs<S>()) {
      Skip<S>();
      co_return;
    }
    BackendOf<S>& backend = BackendFor<S>();
    Fetched<S> fetched;
    std::optional<BackendPolicies::Permit> permit;
    if (Begin(asked, fetched, permit)) {
      try {
        co_await Get(backend, *asked.requests, fetched);
      } catch (...) {
        FailByException(fetched);
      }
      Finish(permit, fetched);
    }
    if constexpr (kHasNext<S, Sections>) {
      if (NeedsAnyOf(Next())) {
        auto next = After(fetched, Next());
        Land(fetched);
        const auto landed = co_await next;
        NoteBroken(landed);
        co_return;
      }
    }
    Land(fetched);
    Skip(Next());
  }

  // What S asks, of the reply that it comes after where there is one.
  template <typename S, typename... Reply>
  Asked<S> Ask(const Reply&... reply) {
    Asked<S> asked;
    if (!Needs<S>()) return asked;
    try {
      asked.requests.emplace(S::Ask(request_, reply...));
    } catch (...) {
      asked.failure = OwnFailure();
    }
    return asked;
  }
  template <typename S, typename Dependency>
  Asked<S> AskAfter(const Fetched<Dependency>& dependency) {
    if (dependency.landing.has_reply()) return Ask<S>(*dependency.reply);
    Asked<S> asked;
    asked.failure = FailureAfter(*dependency.landing.failure);
    return asked;
  }

  // Whether the section is to be got. Not where there is nothing to ask its
  // backend, which the policies are not to take for an answer; nor where they
  // do not allow it: that is the section's failure. Where its reply may be
  // shared, `permit` is not its own.
  template <typename S>
  bool Begin(Asked<S>& asked, Fetched<S>& fetched,
             std::optional<BackendPolicies::Permit>& permit) {
    BackendPolicies& policies = BackendFor<S>().policies;
    Landing& landing = fetched.landing;
    landing.start = async::Clock::now();
    landing.span = fan_out_.call.call_trace().NextSpan();
    if (asked.failure) {
      landing.failure = std::move(asked.failure);
      return false;
    }
    if constexpr (Scattered<S>) {
      if (asked.requests->empty()) {
        fetched.reply.emplace();
        return false;
      }
    }
    const bool reuses = policies.settings().reuses_replies();
    if (!reuses && fan_out_.stopped()) {
      landing.failure = fan_out_.FailureOfStopped();
      return false;
    }
    fetched.deadline = fan_out_.DeadlineFor(
        policies.settings().section_timeout,
        {.start = landing.start, .after = StagesAfter<S>()});
    return reuses || EnterPolicies(BackendFor<S>(), fetched, permit);
  }

  template <typename S>
  async::Task<> Get(BackendOf<S>& backend, RequestsOf<S>& requests,
                    Fetched<S>& fetched) {
    if (backend.policies.settings().reuses_replies()) {
      return ReusedSection(fan_out_, backend, MaxStaleOf(request_), requests,
                           fetched);
    }
    return CallAll(fan_out_, backend, requests, fetched);
  }

  template <typename S>
  void Finish(std::optional<BackendPolicies::Permit>& permit,
              Fetched<S>& fetched) {
    if (permit) {
      LeavePolicies(fan_out_, *permit, fetched);
    } else {
      fetched.landing.duration = async::Clock::now() - fetched.landing.start;
    }
  }

  template <typename S>
  void Land(Fetched<S>& fetched) {
    sink_.Land(fan_out_, kPlace<S>, BackendFor<S>().results, fetched);
    if (fetched.landing.has_reply()) fan_out_.NoteArrival(kPlace<S>);
  }

  // S is not needed, and so nothing is that comes after it.
  template <typename S>
  void Skip() {
    BackendFor<S>().results.OnNotRequested();
    sink_.template Skip<S>();
    Skip(AfterOf<S, Sections>());
  }
  template <typename... S>
  void Skip(Pack<S...>) {
    (Skip<S>(), ...);
  }

  template <typename... S>
  bool NeedsAnyOf(Pack<S...>) const {
    return (Needs<S>() || ...);
  }

  // How many stages there are after S, of those that are needed.
  template <typename S>
  int StagesAfter() const {
    return StagesFrom(AfterOf<S, Sections>());
  }
  template <typename... S>
  int StagesFrom(Pack<S...>) const {
    return std::max({0, (Needs<S>() ? 1 + StagesAfter<S>() : 0)...});
  }

  FanOut& fan_out_;
  Backends& backends_;
  const Request& request_;
  Sink& sink_;
};

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_BRANCHES_H_
