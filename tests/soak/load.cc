// Calls an aggregator for a while, at random, and holds every answer against
// the model. Exits 1 where one was wrong.

#include <grpcpp/client_context.h>
#include <grpcpp/security/credentials.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gather/aggregator/v1/aggregator.grpc.pb.h"
#include "server/aggregator/overview.h"
#include "server/async/clock.h"
#include "server/fanout/plan.h"
#include "server/rpc/channel.h"
#include "tests/soak/reply_check.h"
#include "tests/support/graph.h"
#include "tests/support/model.h"

ABSL_FLAG(std::string, target, "", "the aggregator's address");
ABSL_FLAG(absl::Duration, duration, absl::Seconds(10), "how long to go on");
ABSL_FLAG(int, threads, 32, "calls at a time");
ABSL_FLAG(int, users, 50, "how many users, user-1 and up, there are");
ABSL_FLAG(uint64_t, seed, 1, "of the requests");

namespace gather::soak {
namespace {

namespace v1 = aggregator::v1;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using Stub = v1::AggregatorService::Stub;
using Sections = aggregator::Overview::Sections;

// A call that is cancelled after a while where `cancel_after` is set.
void Call(Stub& stub, std::optional<milliseconds> cancel_after,
          Exchange* exchange) {
  const Clock::time_point start = Clock::now();
  grpc::ClientContext context;
  if (exchange->timeout) {
    // By the clock that gRPC itself uses: it would turn another's time into
    // that one's with two looks at clocks, and what comes between them is lost.
    context.set_deadline(async::ToTimespec(
        start +
        std::chrono::duration_cast<Clock::duration>(*exchange->timeout)));
  }
  std::jthread canceller;
  if (cancel_after) {
    exchange->cancelled = true;
    canceller = std::jthread([&context, after = *cancel_after] {
      std::this_thread::sleep_for(after);
      context.TryCancel();
    });
  }
  exchange->status =
      stub.GetOverview(&context, exchange->request, &exchange->response);
  exchange->took = Clock::now() - start;
}

// Asks for one user until each section arrived once.
v1::GetOverviewResponse Learn(Stub& stub, const std::string& user_id) {
  v1::GetOverviewResponse truth;
  fanout::SectionSet known;
  bool all = false;
  while (!all) {
    Exchange exchange;
    exchange.request.set_user_id(user_id);
    for (int i = 0; i < testing::kBranches; ++i) {
      exchange.request.mutable_read_mask()->add_paths(testing::SectionName(i));
    }
    Call(stub, std::nullopt, &exchange);
    all = true;
    Sections::ForEach([&]<typename S>() {
      auto* section = S::In(exchange.response);
      if (section->status().state() == fanout::v1::SECTION_STATE_OK) {
        known.Add(Sections::IndexOf<S>());
        *S::In(truth) = *section;
        S::In(truth)->clear_status();
      }
      all = all && known.Has(Sections::IndexOf<S>());
    });
  }
  if (truth.user().user().id() != user_id) {
    std::cerr << "odd truth about " << user_id << "\n";
    std::exit(2);
  }
  return truth;
}

class Load {
 public:
  explicit Load(std::string target) : target_(std::move(target)) {
    const auto stub = NewStub();
    for (int i = 1; i <= absl::GetFlag(FLAGS_users); ++i) {
      const std::string user_id = absl::StrCat("user-", i);
      truth_[user_id] = Learn(*stub, user_id);
    }
  }

  int Run() {
    const auto end =
        Clock::now() + absl::ToChronoNanoseconds(absl::GetFlag(FLAGS_duration));
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < absl::GetFlag(FLAGS_threads); ++i) {
        threads.emplace_back([this, i, end] { Work(i, end); });
      }
    }
    Print();
    return faults_ == 0 ? 0 : 1;
  }

 private:
  std::unique_ptr<Stub> NewStub() const {
    return v1::AggregatorService::NewStub(
        rpc::MakeChannel(target_, grpc::InsecureChannelCredentials()));
  }

  void Work(int index, Clock::time_point end) {
    std::mt19937_64 random(absl::GetFlag(FLAGS_seed) * 1000 + index);
    const auto stub = NewStub();
    while (Clock::now() < end) {
      Exchange exchange;
      Ask(random, &exchange);
      std::optional<milliseconds> cancel_after;
      if (random() % 20 == 0) cancel_after = milliseconds(random() % 20);
      Call(*stub, cancel_after, &exchange);
      Record(exchange);
    }
  }

  void Ask(std::mt19937_64& random, Exchange* exchange) const {
    v1::GetOverviewRequest& request = exchange->request;
    request.set_user_id(absl::StrCat("user-", 1 + random() % truth_.size()));
    constexpr uint64_t kAll = (uint64_t{1} << testing::kBranches) - 1;
    // Without a mask, those that are there by default.
    const uint64_t mask = random() % 2 == 0 ? 0 : 1 + random() % kAll;
    for (int i = 0; i < testing::kBranches; ++i) {
      const bool requested =
          mask == 0 ? !testing::IsOnlyOnRequest(i) : ((mask >> i) & 1) != 0;
      if (!requested) continue;
      const std::string& name = testing::SectionName(i);
      if (mask != 0) request.mutable_read_mask()->add_paths(name);
      if (random() % 8 == 0) request.mutable_required_mask()->add_paths(name);
    }
    const auto roll = random() % 100;
    if (roll < 2) {
      exchange->timeout = milliseconds(random() % 5);
    } else if (roll < 80) {
      exchange->timeout = milliseconds(50 + random() % 3000);
    }
  }

  void Record(const Exchange& exchange) {
    const std::string fault = FindFault(exchange, truth_);
    const std::lock_guard lock(mutex_);
    ++answers_[!exchange.status.ok()
                   ? absl::StrCat("code ", exchange.status.error_code())
               : exchange.response.complete() ? "complete"
                                              : "partial"];
    if (exchange.timeout) {
      latest_ = std::max(latest_, exchange.took - *exchange.timeout);
    }
    if (fault.empty() || ++faults_ > 10) return;
    std::cerr << "WRONG: " << fault
              << "\n  request: " << exchange.request.ShortDebugString()
              << "\n  timeout: "
              << exchange.timeout.value_or(milliseconds(-1)).count()
              << " ms, took " << exchange.took / milliseconds(1) << " ms\n";
  }

  void Print() const {
    int64_t calls = 0;
    for (const auto& [what, count] : answers_) calls += count;
    std::cout << calls << " answers, " << faults_ << " wrong:";
    for (const auto& [what, count] : answers_) {
      std::cout << " " << what << " " << count << ",";
    }
    std::cout << " latest " << latest_ / milliseconds(1)
              << " ms past its deadline\n";
  }

  const std::string target_;
  Truth truth_;
  std::mutex mutex_;
  std::map<std::string, int64_t>
      answers_;  // guarded by mutex_, as what follows
  int64_t faults_ = 0;
  std::chrono::nanoseconds latest_ = std::chrono::nanoseconds::min();
};

}  // namespace
}  // namespace gather::soak

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  return gather::soak::Load(absl::GetFlag(FLAGS_target)).Run();
}
