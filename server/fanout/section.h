#ifndef GATHER_SERVER_FANOUT_SECTION_H_
#define GATHER_SERVER_FANOUT_SECTION_H_

#include <concepts>
#include <cstddef>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "gather/fanout/v1/fanout.pb.h"
#include "google/protobuf/field_mask.pb.h"
#include "server/fanout/reason.h"
#include "server/fanout/relay.h"

// A section of an answer is declared once, as a type that says where it comes
// from and where it goes:
//
//   struct OrdersSection {
//     // The backend's name in flags and policies, and where it is by default.
//     static constexpr Backend kBackend{"order", "localhost:50053"};
//     static constexpr char kMethod[] = "shop.v1.OrderService/ListOrders";
//     using Request = shop::v1::ListOrdersRequest;
//     // The generated message, or Relayed<> of it: see relay.h.
//     using Reply = Relayed<shop::v1::ListOrdersResponse>;
//
//     // What to ask the backend, given what the caller asks.
//     static Request Ask(const v1::GetOverviewRequest& overview);
//
//     // Where the section stands in the answer, and in a part of a stream: a
//     // message with a field `SectionStatus status`. The name of that field is
//     // the section's name.
//     static auto* In(auto& answer) { return answer.mutable_orders(); }
//
//     // Puts the reply in. Not for a Relayed reply, which goes in by itself.
//     static void Fill(Reply&& reply, v1::OrdersSection* section);
//
//     // Optional. Whom the request and the reply are for, where the reply says
//     // so: an empty and a misdirected one are told from a right one by it.
//     static Echo EchoOf(const Request& request, const Reply& reply);
//     // Optional. What else is wrong with a reply that is for whom was asked:
//     // more than was asked for, an item of somebody else; none for nothing.
//     static std::optional<Reason> FaultIn(const Request& request,
//                                          const Reply& reply);
//     // Optional. NOT_FOUND of this backend is NOT_FOUND of the whole request.
//     static constexpr bool kNotFoundEndsRequest = true;
//     // Optional. Only for callers who name it in the read mask: an answer to
//     // others does not mention it.
//     static constexpr bool kOnlyOnRequest = true;
//   };
//
// A section may come after another one, and make its request from that one's
// reply; and it may take any number of calls, none included:
//
//   struct PurchasesSection {
//     // Called once the orders are there. Where they were not asked for, they
//     // are fetched and not shown; where they fail, this section fails with
//     // DEPENDENCY_FAILED. It has the time that they leave, and they leave it
//     // half of it at least (budget.h).
//     using After = OrdersSection;
//     static Request Ask(const v1::GetOverviewRequest& overview,
//                        const OrdersSection::Reply& orders);
//     ...
//     // Or the calls that it takes, so many of them at a time. What they reply
//     // is merged, as protobuf merges messages: lists one after the other, in
//     // the order of the requests. One that fails costs the section.
//     static std::vector<Request> Ask(...);
//     static constexpr std::size_t kCallsAtOnce = 4;
//   };
//
// The list of them, and what they have in common, make a product:
//
//   struct Overview {
//     // What requests are about, as a noun for error texts.
//     static constexpr char kSubject[] = "user";
//     // With read_mask and required_mask; complete and timing; summary.
//     using Request = v1::GetOverviewRequest;
//     using Response = v1::GetOverviewResponse;
//     using Part = v1::StreamOverviewResponse;
//     using Sections = SectionList<UserSection, OrdersSection>;
//     // INVALID_ARGUMENT where a field of the request is wrong (rpc/status.h).
//     static absl::Status Check(const Request& request);
//   };
//
// What does not fit together does not compile, or, where only descriptors can
// tell, is said by MakeCatalog() at start (catalog.h).
namespace gather::fanout {

// Where a section's replies come from.
struct Backend {
  std::string_view name;
  std::string_view default_target;
};

// Whom a request was made for, and whom its reply says that it is for.
struct Echo {
  std::string_view asked;
  std::string_view answered;
};

template <typename S>
concept ChecksEcho = requires(const typename S::Request& request,
                              const typename S::Reply& reply) {
  { S::EchoOf(request, reply) } -> std::same_as<Echo>;
};

// What is wrong with a page of so many items, where at most `asked` were to be
// on it; 0 leaves that to the backend.
inline std::optional<Reason> PageFault(int asked, int items) {
  if (asked > 0 && items > asked) return Reason::kReplyTooLarge;
  return std::nullopt;
}

template <typename S>
concept ChecksReply = requires(const typename S::Request& request,
                               const typename S::Reply& reply) {
  { S::FaultIn(request, reply) } -> std::same_as<std::optional<Reason>>;
};

template <typename S>
constexpr bool NotFoundEndsRequest() {
  if constexpr (requires { S::kNotFoundEndsRequest; }) {
    return S::kNotFoundEndsRequest;
  } else {
    return false;
  }
}

template <typename S>
constexpr bool OnlyOnRequest() {
  if constexpr (requires { S::kOnlyOnRequest; }) {
    return S::kOnlyOnRequest;
  } else {
    return false;
  }
}

// A section that makes its request from another one's reply.
template <typename S>
concept ComesAfterAnother = requires { typename S::After; };

// A section that may take more than one call, or none.
template <typename S>
concept Scattered = requires {
  { S::kCallsAtOnce } -> std::convertible_to<std::size_t>;
};

// What its Ask() gives.
template <typename S>
using RequestsOf =
    std::conditional_t<Scattered<S>, std::vector<typename S::Request>,
                       typename S::Request>;

// Whether S says what to ask, given what it comes after.
template <typename S, typename Overview>
constexpr bool Asks() {
  if constexpr (ComesAfterAnother<S>) {
    return requires(const Overview& overview,
                    const typename S::After::Reply& dependency) {
      { S::Ask(overview, dependency) } -> std::same_as<RequestsOf<S>>;
    };
  } else {
    return requires(const Overview& overview) {
      { S::Ask(overview) } -> std::same_as<RequestsOf<S>>;
    };
  }
}

// A type that says all of the above, towards that answer.
template <typename S, typename Overview, typename Answer>
concept SectionOf = Asks<S, Overview>() &&
                    requires(Answer& answer, typename S::Reply reply) {
                      { S::kBackend } -> std::convertible_to<Backend>;
                      { S::kMethod } -> std::convertible_to<const char*>;
                      {
                        S::In(answer)->mutable_status()
                      } -> std::same_as<v1::SectionStatus*>;
                    } &&
                    (IsRelayed<typename S::Reply> ||
                     requires(Answer& answer, typename S::Reply reply) {
                       S::Fill(std::move(reply), S::In(answer));
                     });

// The set of sections, in the order in which they are told of.
template <typename... S>
struct SectionList {
  static constexpr std::size_t kSize = sizeof...(S);
  static_assert(kSize > 0 && kSize <= 64, "a plan has a bit for each section");

  template <template <typename> typename Of>
  using TupleOf = std::tuple<Of<S>...>;

  // Which place one of them has, from 0.
  template <typename Section>
  static constexpr std::size_t IndexOf() {
    std::size_t index = 0;
    static_assert((std::same_as<Section, S> || ...), "not in the list");
    (void)((std::same_as<Section, S> || (++index, false)) || ...);
    return index;
  }

  // Calls `visit.template operator()<S>()` of each, in order.
  template <typename Visit>
  static constexpr void ForEach(Visit&& visit) {
    (visit.template operator()<S>(), ...);
  }
};

// The number of the field of `Answer` in which a section stands.
template <typename S, typename Answer>
int FieldOf() {
  static const int kNumber = [] {
    Answer answer;
    (void)S::In(answer);
    std::vector<const google::protobuf::FieldDescriptor*> set;
    answer.GetReflection()->ListFields(answer, &set);
    return set.front()->number();
  }();
  return kNumber;
}

// The sections that the caller can't do without. A product with another way to
// say it has a function of its own for it.
template <typename Product>
decltype(auto) RequiredPaths(const typename Product::Request& request) {
  if constexpr (requires { Product::RequiredPaths(request); }) {
    return Product::RequiredPaths(request);
  } else {
    return request.required_mask().paths();
  }
}

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_SECTION_H_
