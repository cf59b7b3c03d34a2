#ifndef GATHER_SERVER_FANOUT_STAGES_H_
#define GATHER_SERVER_FANOUT_STAGES_H_

#include <concepts>
#include <cstddef>
#include <type_traits>

#include "server/fanout/section.h"

// The sections as a graph, of which each has at most one edge: the section that
// it comes after, from whose reply it makes its request.
//
//   struct Orders { ... };
//   struct Purchases { using After = Orders; ... };
//
//   User ------------.
//   Orders -- Purchases --> the answer
//   Products --------'
//
// One edge each, and no circle: that is a forest. So a stage needs no scheduler
// and no event to wait for: a section's branch awaits the branches of those
// that come after it (branches.h). Sections that need two others would need
// more (decisions/0021-staged-sections.md).
namespace gather::fanout {

// Whether D makes its request from the reply of S.
template <typename D, typename S>
constexpr bool ComesAfter() {
  if constexpr (ComesAfterAnother<D>) {
    return std::same_as<typename D::After, S>;
  } else {
    return false;
  }
}

// Some of the sections, or none.
template <typename... S>
struct Pack {};

namespace detail {

template <typename... Packs>
struct Join;
template <typename... S>
struct Join<Pack<S...>> {
  using type = Pack<S...>;
};
template <typename... S, typename... T, typename... Rest>
struct Join<Pack<S...>, Pack<T...>, Rest...> {
  using type = typename Join<Pack<S..., T...>, Rest...>::type;
};

template <bool kKeep, typename S>
using KeepIf = std::conditional_t<kKeep, Pack<S>, Pack<>>;

template <typename Sections>
struct Graph;
template <typename... S>
struct Graph<SectionList<S...>> {
  using First =
      typename Join<Pack<>, KeepIf<!ComesAfterAnother<S>, S>...>::type;
  template <typename Of>
  using After = typename Join<Pack<>, KeepIf<ComesAfter<S, Of>(), S>...>::type;
};

// Whether the way from S to what it comes after, and so on, is at an end after
// so many steps.
template <typename S>
constexpr bool HasStart(std::size_t steps) {
  if constexpr (ComesAfterAnother<S>) {
    return steps > 0 && HasStart<typename S::After>(steps - 1);
  } else {
    return true;
  }
}

}  // namespace detail

// The sections that need no other, and those that come after S: a Pack<> each.
template <typename Sections>
using FirstOf = typename detail::Graph<Sections>::First;
template <typename S, typename Sections>
using AfterOf = typename detail::Graph<Sections>::template After<S>;

template <typename S, typename Sections>
inline constexpr bool kHasNext = !std::same_as<AfterOf<S, Sections>, Pack<>>;

// No section waits for itself, by whatever way.
template <typename... S>
constexpr bool HasNoCircle(SectionList<S...>) {
  return (detail::HasStart<S>(sizeof...(S)) && ...);
}

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_STAGES_H_
