// Any bytes as what the backends say: through the check of each reply and the
// landing of its section, to an answer that never passes a wrong reply on as a
// right one.
//
// reply_input.h says what an input is.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "gather/aggregator/v1/aggregator.pb.h"
#include "gather/order/v1/order.pb.h"
#include "google/protobuf/descriptor.h"
#include "server/aggregator/overview.h"
#include "server/async/event_loop.h"
#include "server/fanout/catalog.h"
#include "server/fanout/fan_out.h"
#include "server/fanout/fetch.h"
#include "server/fanout/sink.h"
#include "server/rpc/server_call.h"
#include "server/rpc/spliced.h"
#include "server/rpc/status.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/reply_contract.h"
#include "tests/fuzz/reply_input.h"

namespace gather::fanout {
namespace {

using aggregator::Overview;
using Sections = Overview::Sections;
using Sink = ResponseSink<Overview::Response>;

// Asked for by every input, so that some replies are right.
constexpr char kUserId[] = "alice";
// Stands in every backend's failure: no answer may have it.
constexpr char kBackendsWords[] = "backend's-own-words";

bool HasBackendsWords(std::string_view text) {
  return text.find(kBackendsWords) != std::string_view::npos;
}

template <typename S>
class Branch {
 public:
  using Wire = typename BackendOf<S>::Wire;
  using Message = typename ReplyTypes<typename S::Reply>::Message;

  void Read(Input& input, Plan& plan) {
    end_ = EndOf(input.Byte());
    bytes_ = input.Reply();
    if (end_.requested) plan.requested.Add(kPlace);
    if (end_.required) plan.required.Add(kPlace);
  }

  // As its branch does, once its call is over.
  void Land(FanOut& fan_out, Sink& sink, Expected& expected) {
    if (!end_.requested) return sink.Skip<S>();
    const bool stopped = fan_out.stopped();
    Fetched<S> fetched;
    fetched.landing.attempts = 1;
    Receive(stopped, fetched);
    expected.Add(end_, right_, stopped, NotFoundEndsRequest<S>());
    sink.Land(fan_out, kPlace, stats_, fetched);
  }

  // Once all have landed.
  void CheckCount() const {
    SectionTotals totals;
    stats_.AddTo(totals);
    GATHER_EXPECT(totals.ok == (right_ ? 1 : 0));
  }

  // Of an answer that is OK.
  template <typename Section>
  void Check(const Section& section) const {
    const v1::SectionStatus& status = section.status();
    Section payload = section;
    payload.clear_status();
    const bool bare = payload.SerializeAsString().empty();
    if (!end_.requested) {
      GATHER_EXPECT(status.state() == (OnlyOnRequest<S>()
                                           ? v1::SECTION_STATE_UNSPECIFIED
                                           : v1::SECTION_STATE_NOT_REQUESTED));
      GATHER_EXPECT(bare);
    } else if (right_) {
      GATHER_EXPECT(status.state() == v1::SECTION_STATE_OK);
      GATHER_EXPECT(status.code() == 0 && status.reason().empty());
      CheckPayload(section, bare);
    } else {
      GATHER_EXPECT(status.state() == v1::SECTION_STATE_FAILED);
      GATHER_EXPECT(status.code() > 0 && status.code() <= 16);
      GATHER_EXPECT(IsUpperSnake(status.reason()));
      GATHER_EXPECT(!status.message().empty());
      GATHER_EXPECT(!HasBackendsWords(status.message()));
      GATHER_EXPECT(bare);
    }
  }

 private:
  // The section that arrived has the reply: all of it, where it was relayed,
  // that Protobuf's own parser finds in a field of the section.
  template <typename Section>
  void CheckPayload(Section section, bool bare) const {
    if constexpr (!IsRelayed<typename S::Reply>) {
      GATHER_EXPECT(!bare);
    } else {
      Message reply;
      GATHER_EXPECT(reply.ParseFromString(bytes_));
      const auto& reflection = *reply.GetReflection();
      std::vector<const google::protobuf::FieldDescriptor*> fields;
      reflection.ListFields(reply, &fields);
      for (const auto* field : fields) {
        const auto* taken =
            Section::descriptor()->FindFieldByNumber(field->number());
        if (taken == nullptr || taken->name() == "status")
          reflection.ClearField(&reply, field);
      }
      reflection.MutableUnknownFields(&reply)->Clear();
      section.clear_status();
      section.GetReflection()->MutableUnknownFields(&section)->Clear();
      GATHER_EXPECT(section.SerializeAsString() == reply.SerializeAsString());
    }
  }

  static constexpr std::size_t kPlace = Sections::IndexOf<S>();

  void Receive(bool stopped, Fetched<S>& fetched) {
    std::optional<Failure>& failure = fetched.landing.failure;
    if (end_.code != grpc::StatusCode::OK) {
      const absl::Status status = rpc::ToAbsl({end_.code, kBackendsWords});
      GATHER_EXPECT(!status.ok());
      failure = FailureOf<S>(end_.call_end(), status, stopped);
    } else if (Wire wire; wire.ParseFromString(bytes_)) {
      fetched.reply.emplace(std::move(wire));
      right_ = IsRight(*fetched.reply);
      failure = CheckReply<S>(Asked(), *fetched.reply);
      if (failure) fetched.reply.reset();
    } else {
      const auto end = rpc::CallEnd::kReplyUnreadable;
      failure =
          FailureOf<S>(end, rpc::StatusOf(end, grpc::Status::OK), stopped);
    }
  }

  // The reply is the one that was asked for.
  bool IsRight(const typename S::Reply& reply) const {
    if constexpr (IsRelayed<typename S::Reply>) {
      if (!IsReadable(reply)) return false;
    }
    // What Protobuf's own parser says of all of it.
    Message whole;
    GATHER_EXPECT(whole.ParseFromString(bytes_));
    const typename S::Request asked = Asked();
    const bool has_times =
        rpc::TimeCheck(*Message::descriptor()).Accepts(whole);
    GATHER_EXPECT(has_times || !IsRelayed<typename S::Reply>);
    if constexpr (ChecksReply<S>) {
      if (S::FaultIn(asked, reply)) return false;
    }
    const Echo echo = S::EchoOf(asked, reply);
    return has_times && echo.answered == kUserId && echo.asked == kUserId;
  }

  // What a section asks for the user; a batch for the product of that name.
  static typename S::Request Asked() {
    Overview::Request overview;
    overview.set_user_id(kUserId);
    if constexpr (ComesAfterAnother<S>) {
      order::v1::ListOrdersResponse orders;
      orders.add_orders()->add_line_items()->set_product_id(kUserId);
      typename S::After::Reply::Wire wire;
      GATHER_EXPECT(wire.ParseFromString(orders.SerializeAsString()));
      return S::Ask(overview, typename S::After::Reply(std::move(wire)))[0];
    } else {
      return S::Ask(overview);
    }
  }

  static bool IsUpperSnake(const std::string& text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
      return absl::ascii_isupper(c) || c == '_';
    });
  }

  EndOf end_{0};
  std::string bytes_;
  bool right_ = false;
  SectionStats stats_;
};

void CheckFailure(const absl::Status& outcome) {
  GATHER_EXPECT(!HasBackendsWords(rpc::TextOf(outcome)));
  outcome.ForEachPayload([](absl::string_view, const absl::Cord& detail) {
    GATHER_EXPECT(!HasBackendsWords(std::string(detail)));
  });
}

void TestOne(Input input) {
  static async::EventLoop& loop = *new async::EventLoop();  // never run
  static const Catalog& catalog = *new Catalog(*MakeCatalog<Overview>());
  static const Settings& settings = *new Settings();
  rpc::TraceIds ids(1);
  rpc::ServerCall call(loop, 0, ids, "fuzz");
  Sections::TupleOf<Branch> branches;
  Plan plan;
  std::apply([&](auto&... each) { (each.Read(input, plan), ...); }, branches);
  FanOut fan_out(call, catalog, settings, plan);
  rpc::Spliced<Overview::Response> response;
  Sink sink(&response);
  Expected expected;
  for (const std::size_t place : OrderOf<Sections::kSize>(input.Byte())) {
    Sections::ForEach([&]<typename S>() {
      if (Sections::IndexOf<S>() != place) return;
      std::get<Branch<S>>(branches).Land(fan_out, sink, expected);
    });
  }
  sink.Settle(fan_out);
  std::apply([](const auto&... each) { (each.CheckCount(), ...); }, branches);
  const absl::Status outcome = fan_out.score.Outcome();
  GATHER_EXPECT(outcome.code() == expected.code());
  if (!outcome.ok()) return CheckFailure(outcome);
  sink.Finish(fan_out);
  GATHER_EXPECT(response.message().complete() ==
                (expected.arrived == expected.requested));
  // As its caller reads it.
  Overview::Response answer;
  GATHER_EXPECT(answer.ParseFromString(response.SerializeAsString()));
  Sections::ForEach([&]<typename S>() {
    std::get<Branch<S>>(branches).Check(*S::In(answer));
  });
}

}  // namespace
}  // namespace gather::fanout

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  gather::fanout::TestOne({data, size});
  return 0;
}
