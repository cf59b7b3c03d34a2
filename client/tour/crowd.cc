#include "client/tour/crowd.h"

#include <grpcpp/client_context.h>
#include <malloc.h>
#include <unistd.h>

#include <chrono>
#include <deque>
#include <fstream>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "client/tour/backends.h"
#include "client/tour/calls.h"
#include "server/async/event_loop.h"
#include "server/async/gather.h"
#include "server/async/timer.h"

namespace gather::client::tour {
namespace {

using namespace std::chrono_literals;

constexpr Section kHung = kUser;
constexpr auto kLook = 1ms;

BackendFaults UserHangs() {
  BackendFaults faults;
  faults.user = {.hang_rate = 1};
  return faults;
}

// What the process has now; the growth since an earlier look.
class Memory {
 public:
  Memory() {
    int64_t address_pages = 0;
    int64_t resident_pages = 0;
    std::ifstream("/proc/self/statm") >> address_pages >> resident_pages;
    const int64_t page = sysconf(_SC_PAGESIZE);
    address_ = address_pages * page;
    resident_ = resident_pages * page;
  }
  void Compare(const Memory& before, CrowdCost& cost) const {
    cost.address_bytes = address_ - before.address_;
    cost.resident_bytes = resident_ - before.resident_;
  }

 private:
  int64_t address_ = 0;
  int64_t resident_ = 0;
};

// Memory that something else has used and given back would hide the growth.
Memory MemoryBefore() {
  malloc_trim(0);
  return Memory();
}

}  // namespace

CrowdCost MeasureThreads(int calls) {
  const Backends backends(1, UserHangs());
  CrowdCost cost;
  const Memory before = MemoryBefore();
  const Clock::time_point start = Clock::now();
  std::deque<grpc::ClientContext> contexts;
  std::vector<std::jthread> threads;
  try {
    for (int i = 0; i < calls; ++i) {
      grpc::ClientContext& context = contexts.emplace_back();
      threads.emplace_back(
          [&] { (void)CallAndBlock(backends, kHung, context); });
    }
  } catch (const std::system_error&) {
    calls = static_cast<int>(threads.size());  // all that the system gives
  }
  while (backends.in_flight(kHung) < calls &&
         Clock::now() - start < kPatience) {
    std::this_thread::sleep_for(kLook);
  }
  cost.waiting = backends.in_flight(kHung);
  cost.set_up = Clock::now() - start;
  Memory().Compare(before, cost);
  for (grpc::ClientContext& context : contexts) context.TryCancel();
  threads.clear();
  return cost;
}

CrowdCost MeasureCoroutines(int calls) {
  const Backends backends(1, UserHangs());
  async::EventLoop loop;
  std::stop_source stop;
  CrowdCost cost;
  const Memory before = MemoryBefore();
  const Clock::time_point start = Clock::now();
  const auto look = [&]() -> async::Task<absl::Status> {
    while (backends.in_flight(kHung) < calls &&
           Clock::now() - start < kPatience) {
      (void)co_await async::SleepFor(loop, kLook);
    }
    cost.waiting = backends.in_flight(kHung);
    cost.set_up = Clock::now() - start;
    Memory().Compare(before, cost);
    stop.request_stop();
    co_return absl::OkStatus();
  };
  const auto run = [&]() -> async::Task<> {
    std::vector<async::Task<absl::Status>> tasks;
    for (int i = 0; i < calls; ++i) {
      tasks.push_back(Call(loop, backends, kHung, stop.get_token()));
    }
    tasks.push_back(look());
    (void)co_await async::Gather(std::move(tasks));
  };
  loop.RunUntilComplete(run());
  return cost;
}

std::string Say(const char* what, const CrowdCost& cost) {
  return absl::StrFormat(
      "%d waiting %s: %.1f MB of memory, %.2f GB of addresses, set up in %s",
      cost.waiting, what, static_cast<double>(cost.resident_bytes) / (1 << 20),
      static_cast<double>(cost.address_bytes) / (1 << 30), Say(cost.set_up));
}

}  // namespace gather::client::tour
