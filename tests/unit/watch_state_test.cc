#include "client/watch_state.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gather/aggregator/v1/aggregator.pb.h"
#include "gmock/gmock.h"
#include "google/protobuf/field_mask.pb.h"
#include "gtest/gtest.h"

namespace gather::client {
namespace {

using fanout::v1::SectionStatus;
using gather::aggregator::v1::StreamOverviewResponse;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

StreamOverviewResponse Products() {
  StreamOverviewResponse part;
  SectionStatus& status = *part.mutable_products()->mutable_status();
  status.set_state(fanout::v1::SECTION_STATE_OK);
  status.set_attempts(1);
  status.mutable_duration()->set_seconds(1);
  part.mutable_products()->add_products()->set_name("Saffron");
  return part;
}

StreamOverviewResponse Summary(bool complete) {
  StreamOverviewResponse part;
  part.mutable_summary()->set_complete(complete);
  part.mutable_summary()->mutable_timing()->mutable_duration()->set_seconds(2);
  return part;
}

// Of a stream with the sections that `paths` name, or all.
WatchState NewState(const std::vector<std::string>& paths = {}) {
  google::protobuf::FieldMask mask;
  for (const std::string& path : paths) mask.add_paths(path);
  return WatchState(*StreamOverviewResponse::descriptor(), mask);
}

int Lines(const std::string& text) {
  return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
}

TEST(WatchStateTest, BarOfWhatIsInFlightEndsNow) {
  const WatchState state = NewState();
  const WaterfallOptions options;
  const std::string early = state.RenderFrame(absl::Milliseconds(100), options);
  const std::string late = state.RenderFrame(absl::Milliseconds(400), options);
  EXPECT_THAT(early, HasSubstr("100.0 ms"));
  EXPECT_THAT(late, HasSubstr("400.0 ms"));
  EXPECT_GT(std::count(late.begin(), late.end(), '\x88'),  // of "█"
            std::count(early.begin(), early.end(), '\x88'));
  EXPECT_TRUE(state.empty());
}

TEST(WatchStateTest, FramesKeepTheirHeightWhateverLands) {
  WatchState state = NewState();
  WaterfallOptions options;
  options.width = 40;
  const int lines = Lines(state.RenderFrame(absl::Seconds(1), options));
  StreamOverviewResponse part = Products();
  part.mutable_products()->mutable_products(0)->set_name(
      std::string(500, 'x') + "\n" + std::string(500, 'y'));
  state.Add(part);
  for (const int width : {30, 40, 80, 200}) {
    options.width = width;
    EXPECT_EQ(Lines(state.RenderFrame(absl::Seconds(1), options)), lines);
  }
  EXPECT_EQ(lines, 4);
}

TEST(WatchStateTest, LandedSectionKeepsItsOwnTime) {
  WatchState state = NewState();
  state.Add(Products());
  const std::string frame =
      state.RenderFrame(absl::Milliseconds(1700), WaterfallOptions());
  EXPECT_THAT(frame, HasSubstr("✓ products"));
  EXPECT_THAT(frame, HasSubstr("1.0 s  1 product, best match Saffron"));
  EXPECT_THAT(frame, HasSubstr("1.7 s"));
  EXPECT_FALSE(state.empty());
}

TEST(WatchStateTest, SectionsThatAreNotAskedForAreNotInFlight) {
  WatchState state = NewState({"products"});
  EXPECT_THAT(state.RenderFrame(absl::Seconds(1), WaterfallOptions()),
              HasSubstr("not requested"));
  state.Add(Products());
  state.Add(Summary(true));
  EXPECT_TRUE(state.finished());
  EXPECT_TRUE(state.complete());
  EXPECT_THAT(state.RenderEnd(WaterfallOptions()),
              Not(HasSubstr("missing from the answer")));
}

TEST(WatchStateTest, WhatTheServerLeftOutIsNotMissing) {
  WatchState state = NewState();
  state.Add(Products());
  EXPECT_THAT(state.RenderEnd({.absent = "missing"}), HasSubstr("missing"));
  state.Add(Summary(true));
  EXPECT_THAT(state.RenderEnd({.absent = "missing"}),
              Not(HasSubstr("missing")));
}

TEST(WatchStateTest, PartIsALine) {
  WatchState state = NewState();
  state.Add(Products());
  EXPECT_EQ(state.RenderPart(Products(), WaterfallOptions()),
            "✓ products    1.0 s  1 product, best match Saffron\n");
  state.Add(Summary(false));
  EXPECT_THAT(state.RenderPart(Summary(false), WaterfallOptions()),
              StartsWith("Total time: 2.0 s"));
  EXPECT_FALSE(state.complete());
}

}  // namespace
}  // namespace gather::client
