#include "server/async/intrusive_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace gather::async {
namespace {

using ::testing::ElementsAre;

class Item : public ListNode {
 public:
  explicit Item(int number) : number_(number) {}
  ~Item() { Unlink(); }
  int number() const { return number_; }

 private:
  const int number_;
};

std::vector<int> TakeAll(IntrusiveList<Item>& list) {
  std::vector<int> numbers;
  while (!list.empty()) numbers.push_back(list.PopFront().number());
  return numbers;
}

TEST(IntrusiveListTest, FirstInIsFirstOut) {
  IntrusiveList<Item> list;
  EXPECT_TRUE(list.empty());
  Item one(1), two(2), three(3);
  for (Item* item : {&one, &two, &three}) list.PushBack(*item);
  EXPECT_EQ(list.front().number(), 1);
  EXPECT_THAT(TakeAll(list), ElementsAre(1, 2, 3));
  list.PushBack(two);
  EXPECT_THAT(TakeAll(list), ElementsAre(2));
}

TEST(IntrusiveListTest, ItemsLeaveFromAnywhere) {
  IntrusiveList<Item> list;
  Item one(1), two(2), three(3), four(4), five(5);
  for (Item* item : {&one, &two, &three, &four, &five}) list.PushBack(*item);
  one.Unlink();
  three.Unlink();
  five.Unlink();
  five.Unlink();  // it is in none: nothing happens
  EXPECT_FALSE(one.linked());
  EXPECT_TRUE(two.linked());
  EXPECT_THAT(TakeAll(list), ElementsAre(2, 4));
}

TEST(IntrusiveListTest, ItemThatGoesLeaves) {
  IntrusiveList<Item> list;
  Item one(1);
  list.PushBack(one);
  {
    Item two(2);
    list.PushBack(two);
  }
  EXPECT_THAT(TakeAll(list), ElementsAre(1));
}

TEST(IntrusiveListTest, OneListTakesAnothersItems) {
  IntrusiveList<Item> list;
  IntrusiveList<Item> other;
  list.TakeAll(other);
  EXPECT_TRUE(list.empty());
  Item one(1), two(2), three(3);
  list.PushBack(one);
  other.PushBack(two);
  other.PushBack(three);
  list.TakeAll(other);
  EXPECT_TRUE(other.empty());
  two.Unlink();
  other.PushBack(two);
  EXPECT_THAT(TakeAll(list), ElementsAre(1, 3));
  EXPECT_THAT(TakeAll(other), ElementsAre(2));
}

}  // namespace
}  // namespace gather::async
