#include "server/fanout/stages.h"

#include <gtest/gtest.h>

#include <concepts>

#include "server/fanout/section.h"

// The graph of the sections is known when they are compiled, and so is what is
// wrong with it.
namespace gather::fanout {
namespace {

struct Soup {};
struct Bread {};
struct Wine {
  using After = Soup;
};
struct Cheese {
  using After = Soup;
};
struct Port {
  using After = Cheese;
};
using Menu = SectionList<Port, Bread, Wine, Soup, Cheese>;

struct Waiter;
struct Cook {
  using After = Waiter;
};
struct Waiter {
  using After = Cook;
};
struct Narcissus {
  using After = Narcissus;
};
struct Guest {
  using After = Waiter;
};

TEST(SectionGraphTest, EachSectionIsOfOneStage) {
  static_assert(std::same_as<FirstOf<Menu>, Pack<Bread, Soup>>);
  static_assert(std::same_as<AfterOf<Soup, Menu>, Pack<Wine, Cheese>>);
  static_assert(std::same_as<AfterOf<Cheese, Menu>, Pack<Port>>);
  static_assert(kHasNext<Cheese, Menu>);
  static_assert(!kHasNext<Port, Menu>);
  static_assert(!kHasNext<Bread, Menu>);
}

TEST(SectionGraphTest, CircleIsFound) {
  static_assert(HasNoCircle(Menu()));
  static_assert(!HasNoCircle(SectionList<Narcissus>()));
  static_assert(!HasNoCircle(SectionList<Bread, Cook, Waiter>()));
  // One that ends in a circle, and is not in it.
  static_assert(!HasNoCircle(SectionList<Guest, Cook, Waiter>()));
}

}  // namespace
}  // namespace gather::fanout
