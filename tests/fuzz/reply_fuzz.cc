// Any bytes as what the backends say: through the check of each reply and the
// merge, to an answer that never passes a wrong reply on as a right one.
//
// An input is, for user, orders and products in turn, a byte that says how the
// call ended (see EndOf), the reply's length in two bytes, little-endian, and
// the reply; where the input ends early, the rest is empty.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "gather/aggregator/v1/aggregator.pb.h"
#include "server/aggregator/failure.h"
#include "server/aggregator/fetch.h"
#include "server/aggregator/merge.h"
#include "server/aggregator/sources.h"
#include "server/async/event_loop.h"
#include "server/rpc/server_call.h"
#include "server/rpc/status.h"
#include "tests/fuzz/expect.h"

namespace gather::aggregator {
namespace {

// Asked for by every input, so that some replies are right.
constexpr char kUserId[] = "alice";
// Stands in every backend's failure: no answer may have it.
constexpr char kBackendsWords[] = "backend's-own-words";

class Input {
 public:
  Input(const uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  uint8_t Byte() {
    return rest_.empty() ? 0 : static_cast<uint8_t>(Take(1)[0]);
  }
  std::string Reply() {
    const std::size_t low = Byte();
    const std::size_t high = Byte();
    return std::string(Take(low | high << 8));
  }

 private:
  std::string_view Take(std::size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }

  std::string_view rest_;
};

// How a branch's last call ended: bits 0 to 4 are gRPC's code, which may be
// none of the canonical ones; bit 5: the section was not requested; bit 6: it
// is required.
struct EndOf {
  explicit EndOf(uint8_t byte)
      : code(static_cast<grpc::StatusCode>(byte & 31)),
        requested((byte & 32) == 0),
        required(requested && (byte & 64) != 0) {}

  grpc::StatusCode code;
  bool requested;
  bool required;
};

// A branch, as far as it is known before its reply is concluded on.
template <typename Source>
struct Branch {
  explicit Branch(Input& input) : end(input.Byte()) {
    const std::string bytes = input.Reply();
    if (end.code != grpc::StatusCode::OK) {
      result.reply = rpc::ToAbsl({end.code, kBackendsWords});
      if (result.reply.status().ok()) std::abort();
    } else if (typename Source::Reply reply; reply.ParseFromString(bytes)) {
      const bool readable = Source::Readable(reply);
      GATHER_EXPECT(!readable || IsWhole(bytes));
      right = readable && Source::AnsweredFor(reply) == kUserId;
      result.reply = std::move(reply);
    } else {
      result.reply = rpc::WithReason(absl::InternalError(kBackendsWords),
                                     rpc::kReplyUnreadable);
    }
    result.attempts = 1;
  }

  void AddTo(Plan& plan) const {
    if (end.requested) plan.requested.Add(Source::kSection);
    if (end.required) plan.required.Add(Source::kSection);
  }

  // As Fetch() does.
  BranchResult<typename Source::Reply> Conclude(const FanOut& fan_out) {
    if (!end.requested) return SectionResult<typename Source::Reply>();
    typename Source::Request request;
    request.set_user_id(kUserId);
    return aggregator::Conclude<Source>(fan_out, request, std::move(result));
  }

  // Whether its failure ends the whole request.
  bool Ends() const {
    return end.requested && !right &&
           (end.required ||
            (Source::kNotFoundEnds && end.code == grpc::StatusCode::NOT_FOUND));
  }

  // What Protobuf's own parser says of all of it.
  static bool IsWhole(const std::string& bytes) {
    return typename Source::Whole().ParseFromString(bytes);
  }

  EndOf end;
  // The reply is the one that was asked for.
  bool right = false;
  SectionResult<typename Source::Reply> result;
};

bool IsUpperSnake(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isupper(c) || c == '_';
  });
}

// Of one section of an answer that is OK.
template <typename Source, typename Section>
void CheckSection(const Branch<Source>& branch, const Section& section) {
  const v1::SectionStatus& status = section.status();
  Section without_payload;
  *without_payload.mutable_status() = status;
  const bool bare =
      section.SerializeAsString() == without_payload.SerializeAsString();
  if (!branch.end.requested) {
    GATHER_EXPECT(status.state() == v1::SECTION_STATE_NOT_REQUESTED);
    GATHER_EXPECT(bare);
  } else if (branch.right) {
    GATHER_EXPECT(status.state() == v1::SECTION_STATE_OK);
    GATHER_EXPECT(status.code() == 0 && status.reason().empty());
  } else {
    GATHER_EXPECT(status.state() == v1::SECTION_STATE_FAILED);
    GATHER_EXPECT(status.code() > 0 && status.code() <= 16);
    GATHER_EXPECT(IsUpperSnake(status.reason()));
    GATHER_EXPECT(!status.message().empty());
    GATHER_EXPECT(bare);
  }
}

bool HasBackendsWords(const std::string& text) {
  return text.find(kBackendsWords) != std::string::npos;
}

void TestOne(Input input) {
  static async::EventLoop& loop = *new async::EventLoop();  // never run
  rpc::TraceIds ids(1);
  rpc::ServerCall call(loop, 0, ids, "fuzz");
  Branch<UserSource> user(input);
  Branch<OrdersSource> orders(input);
  Branch<ProductsSource> products(input);
  Plan plan;
  user.AddTo(plan);
  orders.AddTo(plan);
  products.AddTo(plan);
  const v1::GetOverviewRequest request;
  const rpc::RetryPolicy retry;
  const std::vector<std::string> keys;
  const FanOut fan_out = {.call = call,
                          .request = request,
                          .plan = plan,
                          .retry = retry,
                          .deadline = {},
                          .stop = {},
                          .forwarded_keys = keys};

  v1::GetOverviewResponse response;
  const absl::Status outcome = Merge({.user = user.Conclude(fan_out),
                                      .orders = orders.Conclude(fan_out),
                                      .products = products.Conclude(fan_out),
                                      .times = {}},
                                     &response);

  int requested = 0;
  int arrived = 0;
  for (const auto& [end, right] :
       {std::pair(user.end, user.right), std::pair(orders.end, orders.right),
        std::pair(products.end, products.right)}) {
    requested += end.requested;
    arrived += end.requested && right;
  }
  const bool ends = user.Ends() || orders.Ends() || products.Ends();
  GATHER_EXPECT(outcome.ok() == (!ends && (arrived > 0 || requested == 0)));
  GATHER_EXPECT(!HasBackendsWords(std::string(outcome.message())));
  if (!outcome.ok()) return;
  GATHER_EXPECT(response.complete() == (arrived == requested));
  CheckSection(user, response.user());
  CheckSection(orders, response.orders());
  CheckSection(products, response.products());
  v1::GetOverviewResponse again;
  GATHER_EXPECT(again.ParseFromString(response.SerializeAsString()));
}

}  // namespace
}  // namespace gather::aggregator

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  gather::aggregator::TestOne({data, size});
  return 0;
}
