// gatherctl tour, as a program, at a small scale. What a chapter claims is
// checked by the chapter itself, as an order or a ratio; here the figures that
// it gives are checked against what it claims.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "tests/support/program.h"

namespace gather::testing {
namespace {

// Not google.protobuf.Struct: Debian's library, which is not instrumented,
// crashes under ThreadSanitizer with it.
using nlohmann::json;
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
    const json document =
        json::parse(tour.output(), nullptr, /*allow_exceptions=*/false);
    ASSERT_TRUE(document.is_object()) << tour.output();
    EXPECT_EQ(document.value("holds", json()), true) << tour.output();
    const json chapters = document.value("chapters", json::array());
    ASSERT_EQ(chapters.size(), 1U) << tour.output();
    chapter_ = chapters[0];
    EXPECT_EQ(chapter_.value("name", json()), chapter);
    EXPECT_GT(chapter_.value("claims", json::array()).size(), 0U);
  }

  double Figure(const std::string& name) const {
    const json figure =
        chapter_.value("figures", json::object()).value(name, json());
    if (!figure.is_number()) {
      ADD_FAILURE() << "no figure " << name;
      return 0;
    }
    return figure.get<double>();
  }

  std::size_t lanes() const {
    return chapter_.value("lanes", json::array()).size();
  }

 private:
  json chapter_;
};

TEST_F(TourTest, SequentialTakesTheSum) {
  ASSERT_NO_FATAL_FAILURE(Run("sequential"));
  EXPECT_EQ(lanes(), 3U);
  // 200, 150 and 100 ms.
  EXPECT_GE(Figure("total_ms"), 450);
}

class ConcurrentChapterTest
    : public TourTest,
      public ::testing::WithParamInterface<const char*> {};

TEST_P(ConcurrentChapterTest, TakesLessThanTheSum) {
  ASSERT_NO_FATAL_FAILURE(Run(GetParam()));
  EXPECT_EQ(lanes(), 3U);
  EXPECT_GE(Figure("total_ms"), 200);
  EXPECT_LT(Figure("total_ms"), 0.75 * Figure("sum_ms"));
}

INSTANTIATE_TEST_SUITE_P(TourTest, ConcurrentChapterTest,
                         ::testing::Values("threads", "processes", "event-loop",
                                           "return-exceptions"));

TEST_F(TourTest, StagesTakeTheCriticalPath) {
  ASSERT_NO_FATAL_FAILURE(Run("stages"));
  EXPECT_EQ(lanes(), 4U);
  // 150 ms and, after them, 100 ms, of 550 ms in all.
  EXPECT_GE(Figure("critical_path_ms"), 250);
  EXPECT_LT(Figure("total_ms"), 0.75 * Figure("sum_ms"));
}

TEST_F(TourTest, BatchIsOneCallInsteadOfACallAnItem) {
  ASSERT_NO_FATAL_FAILURE(Run("n-plus-one"));
  EXPECT_EQ(lanes(), 3U);
  EXPECT_LT(Figure("batch_ms"), Figure("four_at_once_ms"));
  EXPECT_LT(Figure("four_at_once_ms"), Figure("one_by_one_ms"));
}

TEST_F(TourTest, FirstOfEndsBeforeTheOthersWouldHave) {
  ASSERT_NO_FATAL_FAILURE(Run("first-of"));
  EXPECT_EQ(lanes(), 4U);
  EXPECT_GE(Figure("total_ms"), 100);
  EXPECT_LT(Figure("total_ms"), 200);
}

TEST_F(TourTest, HedgesCutTheTailForFewCallsMore) {
  ASSERT_NO_FATAL_FAILURE(Run("tail"));
  EXPECT_GE(Figure("p99_ms"), 40);
  EXPECT_LT(Figure("hedged_p99_ms"), Figure("p99_ms"));
  EXPECT_GE(Figure("hedges"), 5);
}

TEST_F(TourTest, CrowdIsAnsweredWithOneCallASection) {
  ASSERT_NO_FATAL_FAILURE(Run("coalescing"));
  EXPECT_EQ(Figure("backend_calls"), 3);
}

TEST_F(TourTest, StaleAnswerSaysHowOldItIs) {
  ASSERT_NO_FATAL_FAILURE(Run("stale"));
  EXPECT_EQ(lanes(), 6U);
  EXPECT_GT(Figure("age_ms"), 0);
}

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
                                           "fire-and-forget", "timeout",
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
  EXPECT_THAT(tour.output(), HasSubstr("In Python: await, one by one\n"));
  EXPECT_THAT(tour.output(), HasSubstr("✓ products "));
  EXPECT_THAT(tour.output(), HasSubstr("  ✓ the total is the sum"));
  std::stringstream drawn;
  drawn << std::ifstream(svg).rdbuf();
  EXPECT_THAT(drawn.str(), StartsWith("<svg "));
  EXPECT_THAT(drawn.str(), HasSubstr(">products</text>"));
  std::filesystem::remove(svg);
}

TEST(TourTextTest, WritesAPageWithTheCodeThatRan) {
  const std::filesystem::path path =
      std::filesystem::path(::testing::TempDir()) / "tour_test.html";
  Program tour(
      Program::Output::kPipe, GATHERCTL,
      {"tour", kScale, "--chapter=sequential", "--html=" + path.string()});
  EXPECT_EQ(tour.Wait(), 0);
  std::stringstream page;
  page << std::ifstream(path).rdbuf();
  EXPECT_THAT(page.str(), StartsWith("<!doctype html>"));
  EXPECT_THAT(page.str(), HasSubstr("<section id=\"sequential\">"));
  // Without the indentation that it has in its file.
  EXPECT_THAT(page.str(),
              HasSubstr("<code>for (const Section section : kSections) {\n"
                        "  spans.push_back(CallAndBlock(backends, section));\n"
                        "}</code>"));
  std::filesystem::remove(path);
}

TEST(TourTextTest, PageThatCannotBeWrittenFails) {
  Program tour(Program::Output::kTerminal, GATHERCTL,
               {"tour", kScale, "--chapter=sequential",
                "--html=/nonexistent/tour.html"});
  EXPECT_EQ(tour.Wait(), 1);
  EXPECT_THAT(tour.output(),
              HasSubstr("can't write --html /nonexistent/tour.html: No such"));
}

TEST(TourTextTest, ComparesTheWaysInTheEnd) {
  Program tour(Program::Output::kPipe, GATHERCTL,
               {"tour", kScale, "--chapter=sequential,threads"});
  tour.Wait();
  EXPECT_THAT(tour.output(), HasSubstr("three calls  a thousand: memory"));
  EXPECT_THAT(tour.output(), HasSubstr("\n  threads "));
}

TEST(TourTextTest, UnknownChapterNamesThoseThereAre) {
  Program tour(Program::Output::kTerminal, GATHERCTL,
               {"tour", "--chapter=epilogue"});
  EXPECT_EQ(tour.Wait(), 2);
  EXPECT_THAT(tour.output(), HasSubstr("'epilogue' is none of sequential, "));
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
