#include "server/fanout/policy/stale_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"

namespace gather::fanout {
namespace {

using namespace std::chrono_literals;
using async::Clock;

const Clock::time_point kStart = Clock::time_point(1000s);

StaleAnswerSettings Settings(int entries = 100, int bytes = 1 << 20) {
  return {.enabled = true,
          .max_stale = 60s,
          .max_entries = entries,
          .max_bytes = bytes};
}

// The reply of that key, or "none".
std::string Find(StaleCache& cache, const std::string& key,
                 Clock::time_point now, Clock::duration max_age = 1h) {
  const auto found = cache.Find(key, max_age, now);
  return found ? *found->reply : "none";
}

TEST(StaleCacheTest, GivesTheLastReplyWithItsAge) {
  StaleCache cache(Settings());
  cache.Put("ada", "old", kStart);
  cache.Put("ada", "new", kStart + 10s);
  const auto found = cache.Find("ada", 1h, kStart + 25s);
  ASSERT_TRUE(found);
  EXPECT_EQ(*found->reply, "new");
  EXPECT_EQ(found->age, 15s);
  EXPECT_EQ(Find(cache, "bob", kStart), "none");
  EXPECT_EQ(cache.totals().hits, 1U);
  EXPECT_EQ(cache.totals().misses, 1U);
  EXPECT_EQ(cache.totals().entries, 1U);
}

TEST(StaleCacheTest, NothingIsOlderThanTheCallerOrTheSettingsAllow) {
  StaleCache cache(Settings());
  cache.Put("ada", "reply", kStart);
  EXPECT_EQ(Find(cache, "ada", kStart + 10s, 10s), "reply");
  EXPECT_EQ(Find(cache, "ada", kStart + 10s, 9s), "none");
  EXPECT_EQ(Find(cache, "ada", kStart + 60s), "reply");
  EXPECT_EQ(Find(cache, "ada", kStart + 61s), "none");
}

TEST(StaleCacheTest, ForgetsWhatIsErased) {
  StaleCache cache(Settings());
  cache.Put("ada", "reply", kStart);
  cache.Erase("bob");
  cache.Erase("ada");
  EXPECT_EQ(Find(cache, "ada", kStart), "none");
  EXPECT_EQ(cache.totals().bytes, 0U);
}

TEST(StaleCacheTest, LeastRecentlyUsedGoesFirstWhereThereAreTooMany) {
  StaleCache cache(Settings(/*entries=*/2));
  cache.Put("ada", "1", kStart);
  cache.Put("bob", "2", kStart);
  EXPECT_EQ(Find(cache, "ada", kStart), "1");
  cache.Put("eve", "3", kStart);
  EXPECT_EQ(Find(cache, "bob", kStart), "none");
  EXPECT_EQ(Find(cache, "ada", kStart), "1");
  EXPECT_EQ(Find(cache, "eve", kStart), "3");
}

TEST(StaleCacheTest, WhatAloneIsOverTheBoundIsNotKeptNorAnOlderOne) {
  StaleCache cache(Settings(100, 1 << 16));
  cache.Put("ada", "small", kStart);
  cache.Put("ada", std::string(1 << 16, 'x'), kStart);
  EXPECT_EQ(Find(cache, "ada", kStart), "none");
  EXPECT_EQ(cache.totals().entries, 0U);
}

TEST(StaleCacheTest, WhatIsTooOldGoesWithoutBeingPushedOut) {
  StaleCache cache(Settings());
  for (int i = 0; i < 10; ++i) cache.Put(absl::StrCat(i), "reply", kStart);
  cache.Put("last", "reply", kStart + 61s);
  EXPECT_EQ(cache.totals().entries, 1U);
}

TEST(StaleCacheTest, StaysWithinItsBoundsForAHundredThousandUsers) {
  constexpr int kBytes = 8 << 20;
  StaleCache cache(Settings(/*entries=*/50'000, kBytes));
  std::size_t most_bytes = 0;
  std::size_t most_entries = 0;
  for (int i = 0; i < 100'000; ++i) {
    cache.Put(absl::StrCat("user-", i), std::string(i % 2000, 'x'), kStart);
    most_bytes = std::max(most_bytes, cache.totals().bytes);
    most_entries = std::max(most_entries, cache.totals().entries);
  }
  EXPECT_LE(most_bytes, std::size_t{kBytes});
  EXPECT_GT(most_bytes, std::size_t{kBytes} * 9 / 10);
  EXPECT_LE(most_entries, 50'000U);
  EXPECT_EQ(Find(cache, "user-99999", kStart).size(), 99'999U % 2000);
  EXPECT_EQ(Find(cache, "user-0", kStart), "none");
}

TEST(StaleCacheTest, LoopsShareIt) {
  StaleCache cache(Settings(/*entries=*/50));
  {
    std::vector<std::jthread> loops;
    for (int loop = 0; loop < 4; ++loop) {
      loops.emplace_back([&cache] {
        for (int i = 0; i < 5000; ++i) {
          const std::string key = absl::StrCat(i % 100);
          cache.Put(key, key, kStart);
          const std::string found = Find(cache, key, kStart);
          EXPECT_TRUE(found == key || found == "none");
          if (i % 7 == 0) cache.Erase(key);
        }
      });
    }
  }
  EXPECT_LE(cache.totals().entries, 50U);
}

}  // namespace
}  // namespace gather::fanout
