#include "server/rpc/admission.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace gather::rpc {
namespace {

TEST(AdmissionTest, RefusesPastTheLimitAndCountsIt) {
  Admission admission(2);
  const Admission::Ticket one = admission.Enter();
  const Admission::Ticket two = admission.Enter();
  const Admission::Ticket three = admission.Enter();
  EXPECT_TRUE(one);
  EXPECT_TRUE(two);
  EXPECT_FALSE(three);
  EXPECT_EQ(admission.in_flight(), 2);
  EXPECT_EQ(admission.refused(), 1);
}

TEST(AdmissionTest, PlaceThatIsGivenBackIsFree) {
  Admission admission(1);
  std::optional<Admission::Ticket> first(admission.Enter());
  EXPECT_FALSE(admission.Enter());
  first.reset();
  EXPECT_TRUE(admission.Enter());
  EXPECT_EQ(admission.in_flight(), 0);
}

TEST(AdmissionTest, RefusedTicketGivesNothingBack) {
  Admission admission(1);
  const Admission::Ticket held = admission.Enter();
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(admission.Enter());
  EXPECT_EQ(admission.in_flight(), 1);
}

TEST(AdmissionTest, MovedTicketIsGivenBackOnce) {
  Admission admission(1);
  {
    Admission::Ticket first = admission.Enter();
    const Admission::Ticket second = std::move(first);
    EXPECT_TRUE(second);
  }
  EXPECT_EQ(admission.in_flight(), 0);
}

TEST(AdmissionTest, ZeroIsNoLimit) {
  Admission admission(0);
  std::vector<Admission::Ticket> tickets;
  for (int i = 0; i < 1000; ++i) tickets.push_back(admission.Enter());
  EXPECT_EQ(admission.in_flight(), 1000);
  EXPECT_EQ(admission.refused(), 0);
}

TEST(AdmissionTest, ThreadsNeverPassTheLimitTogether) {
  Admission admission(3);
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 10000; ++i) {
          const Admission::Ticket ticket = admission.Enter();
          if (!ticket) continue;
          const int now = ++inside;
          int seen = most;
          while (now > seen && !most.compare_exchange_weak(seen, now)) {
          }
          --inside;
        }
      });
    }
  }
  EXPECT_LE(most, 3);
  EXPECT_EQ(admission.in_flight(), 0);
}

}  // namespace
}  // namespace gather::rpc
