// gatherctl tour, as a program, at a small scale. What a chapter claims is
// checked by the chapter itself, as an order or a ratio; here the figures that
// it gives are checked against what it claims.

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/support/program.h"

namespace gather::testing {
namespace {

using google::protobuf::Struct;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kScale[] = "--scale=0.1";

// The JSON of one chapter, which must hold.
class TourTest : public ::testing::Test {
 protected:
  void Run(const std::string& chapter) {
    Program tour(Program::Output::kPipe, GATHERCTL,
                 {"tour", kScale, "--output=json", "--chapter=" + chapter});
    EXPECT_EQ(tour.Wait(), 0) << tour.output();
    Struct document;
    ASSERT_TRUE(
        google::protobuf::util::JsonStringToMessage(tour.output(), &document)
            .ok())
        << tour.output();
    EXPECT_TRUE(document.fields().at("holds").bool_value()) << tour.output();
    const auto& chapters = document.fields().at("chapters").list_value();
    ASSERT_EQ(chapters.values_size(), 1);
    chapter_ = chapters.values(0).struct_value();
    EXPECT_EQ(chapter_.fields().at("name").string_value(), chapter);
    EXPECT_GT(chapter_.fields().at("claims").list_value().values_size(), 0);
  }

  double Figure(const std::string& name) const {
    const auto& figures = chapter_.fields().at("figures").struct_value();
    const auto figure = figures.fields().find(name);
    if (figure == figures.fields().end()) {
      ADD_FAILURE() << "no figure " << name;
      return 0;
    }
    return figure->second.number_value();
  }

  int lanes() const {
    return chapter_.fields().at("lanes").list_value().values_size();
  }

 private:
  Struct chapter_;
};

TEST_F(TourTest, SequentialTakesTheSum) {
  ASSERT_NO_FATAL_FAILURE(Run("sequential"));
  EXPECT_EQ(lanes(), 3);
  // 200, 150 and 100 ms.
  EXPECT_GE(Figure("total_ms"), 450);
}

class ConcurrentChapterTest
    : public TourTest,
      public ::testing::WithParamInterface<const char*> {};

TEST_P(ConcurrentChapterTest, TakesLessThanTheSum) {
  ASSERT_NO_FATAL_FAILURE(Run(GetParam()));
  EXPECT_EQ(lanes(), 3);
  EXPECT_GE(Figure("total_ms"), 200);
  EXPECT_LT(Figure("total_ms"), 0.75 * Figure("sum_ms"));
}

INSTANTIATE_TEST_SUITE_P(TourTest, ConcurrentChapterTest,
                         ::testing::Values("threads", "processes", "event-loop",
                                           "return-exceptions"));

TEST_F(TourTest, LoopIsIdleMostOfTheTime) {
  ASSERT_NO_FATAL_FAILURE(Run("loop-timeline"));
  EXPECT_GE(Figure("turns"), 6);
  EXPECT_LT(Figure("ran_ms"), Figure("total_ms") / 2);
}

TEST_F(TourTest, FailFastEndsBeforeTheOthersWouldHave) {
  ASSERT_NO_FATAL_FAILURE(Run("fail-fast"));
  EXPECT_LT(Figure("total_ms"), 200);
}

TEST_F(TourTest, WatchdogNamesTheBlockingCall) {
  ASSERT_NO_FATAL_FAILURE(Run("blocking"));
  EXPECT_GE(Figure("held_ms"), 50);
}

class OtherChapterTest : public TourTest,
                         public ::testing::WithParamInterface<const char*> {};

TEST_P(OtherChapterTest, Holds) { Run(GetParam()); }

INSTANTIATE_TEST_SUITE_P(TourTest, OtherChapterTest,
                         ::testing::Values("forgotten-await", "cpu",
                                           "fire-and-forget",
                                           "producer-consumer"));

TEST(TourTextTest, ListsItsChapters) {
  Program tour(Program::Output::kPipe, GATHERCTL, {"tour", "--list"});
  EXPECT_EQ(tour.Wait(), 0);
  EXPECT_THAT(tour.output(), StartsWith("sequential "));
  EXPECT_THAT(tour.output(), HasSubstr("\nproducer-consumer "));
}

TEST(TourTextTest, DrawsATimelineAndTicks) {
  const std::filesystem::path svg =
      std::filesystem::path(::testing::TempDir()) / "tour_test.svg";
  Program tour(
      Program::Output::kPipe, GATHERCTL,
      {"tour", kScale, "--chapter=sequential", "--svg=" + svg.string()});
  EXPECT_EQ(tour.Wait(), 0);
  EXPECT_THAT(tour.output(), StartsWith("sequential: "));
  EXPECT_THAT(tour.output(), HasSubstr("✓ products "));
  EXPECT_THAT(tour.output(), HasSubstr("  ✓ the total is the sum"));
  std::stringstream drawn;
  drawn << std::ifstream(svg).rdbuf();
  EXPECT_THAT(drawn.str(), StartsWith("<svg "));
  EXPECT_THAT(drawn.str(), HasSubstr(">products</text>"));
  std::filesystem::remove(svg);
}

TEST(TourTextTest, UnknownChapterAndBadScaleAreBadUsage) {
  for (const char* argument :
       {"--chapter=epilogue", "--scale=0", "--sum=1", "--scale=11"}) {
    Program tour(Program::Output::kTerminal, GATHERCTL, {"tour", argument});
    EXPECT_EQ(tour.Wait(), 2) << argument;
  }
}

}  // namespace
}  // namespace gather::testing
