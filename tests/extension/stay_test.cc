#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/waterfall.h"
#include "fake_lodging.h"
#include "server/host/section_metrics.h"
#include "server/rpc/channel.h"
#include "stay/v1/stay.grpc.pb.h"
#include "stay_service.h"

namespace stay {
namespace {

using gather::fanout::v1::SECTION_STATE_FAILED;
using gather::fanout::v1::SECTION_STATE_NOT_REQUESTED;
using gather::fanout::v1::SECTION_STATE_OK;
using gather::fanout::v1::SECTION_STATE_STALE;
using grpc::StatusCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The aggregator over its backends, in this process.
class StayTest : public ::testing::Test {
 protected:
  explicit StayTest(const gather::fanout::PolicySettings& policy = {
                        .section_timeout = std::chrono::seconds(30)}) {
    const auto channel = gather::rpc::MakeChannel(
        lodging_.address(), grpc::InsecureChannelCredentials());
    service_ = std::make_unique<StayService>(
        gather::fanout::MakeCatalog<StayProduct>().value(),
        gather::fanout::Channels(StayProduct::Sections::kSize, channel),
        gather::fanout::Settings{.total_timeout = std::chrono::seconds(30),
                                 .policy = policy},
        /*event_loops=*/1);
    server_ =
        std::make_unique<gather::rpc::Server>(gather::rpc::ServerOptions());
    service_->AddTo(*server_);
    EXPECT_TRUE(server_->Start().ok());
    stub_ = v1::StayService::NewStub(
        grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->port()),
                            grpc::InsecureChannelCredentials()));
  }
  ~StayTest() override {
    server_->Drain(gather::async::Clock::now() + std::chrono::seconds(10));
  }

  static v1::GetStayRequest RequestFor(const std::string& ref) {
    v1::GetStayRequest request;
    request.set_ref(ref);
    return request;
  }

  grpc::Status Get(
      const v1::GetStayRequest& request, v1::Stay* stay,
      std::chrono::milliseconds timeout = std::chrono::seconds(30)) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + timeout);
    return stub_->GetStay(&context, request, stay);
  }

  FakeLodging lodging_;
  std::unique_ptr<StayService> service_;
  std::unique_ptr<gather::rpc::Server> server_;
  std::unique_ptr<v1::StayService::Stub> stub_;
};

TEST_F(StayTest, WholeAnswerHasTheSectionsOfTheDefaultMask) {
  v1::Stay stay;
  ASSERT_TRUE(Get(RequestFor("budapest"), &stay).ok());
  EXPECT_TRUE(stay.complete());
  EXPECT_EQ(stay.hotel().hotel().name(), "Grand Budapest");
  EXPECT_EQ(stay.rooms().rooms_size(), 1);
  EXPECT_EQ(stay.reviews().reviews_size(), FakeLodging::kReviews);
  EXPECT_EQ(stay.reviews().total_size(), FakeLodging::kReviews);
  EXPECT_EQ(stay.weather().words(), "snow in Nebelsbad");
  EXPECT_FALSE(stay.has_offers());
  EXPECT_EQ(lodging_.offers.calls, 0);
  EXPECT_TRUE(stay.has_timing());
}

TEST_F(StayTest, MaskAsksForWhatTheDefaultLeavesOut) {
  v1::GetStayRequest request = RequestFor("budapest");
  request.mutable_read_mask()->add_paths("offers");
  v1::Stay stay;
  ASSERT_TRUE(Get(request, &stay).ok());
  EXPECT_EQ(stay.offers().offers(0).title(), "Two nights for three");
  EXPECT_EQ(stay.hotel().status().state(), SECTION_STATE_NOT_REQUESTED);
  EXPECT_EQ(lodging_.hotel.calls, 0);

  request.mutable_read_mask()->add_paths("wine");
  const grpc::Status refused = Get(request, &stay);
  EXPECT_EQ(refused.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(refused.error_message(),
              HasSubstr("none of hotel, rooms, reviews, weather, offers"));
}

TEST_F(StayTest, FailedSectionCostsOnlyItself) {
  lodging_.weather.code = StatusCode::INTERNAL;
  v1::Stay stay;
  ASSERT_TRUE(Get(RequestFor("budapest"), &stay).ok());
  EXPECT_FALSE(stay.complete());
  EXPECT_EQ(stay.weather().status().state(), SECTION_STATE_FAILED);
  EXPECT_EQ(stay.weather().status().reason(), "BACKEND_ERROR");
  EXPECT_EQ(stay.weather().words(), "");
  EXPECT_EQ(stay.reviews().reviews_size(), FakeLodging::kReviews);
}

TEST_F(StayTest, SectionThatNeedsAnotherGetsItUnasked) {
  v1::GetStayRequest request = RequestFor("budapest");
  request.mutable_read_mask()->add_paths("weather");
  v1::Stay stay;
  ASSERT_TRUE(Get(request, &stay).ok());
  EXPECT_TRUE(stay.complete());
  EXPECT_EQ(stay.weather().words(), "snow in Nebelsbad");
  EXPECT_EQ(stay.hotel().status().state(), SECTION_STATE_NOT_REQUESTED);
  EXPECT_FALSE(stay.hotel().has_hotel());
  EXPECT_THAT(stay.timing().critical_path(), ElementsAre("hotel", "weather"));
}

TEST_F(StayTest, SectionWhoseDependencyFailsNamesIt) {
  lodging_.hotel.code = StatusCode::INTERNAL;
  v1::Stay stay;
  ASSERT_TRUE(Get(RequestFor("budapest"), &stay).ok());
  EXPECT_EQ(stay.weather().status().reason(), "DEPENDENCY_FAILED");
  EXPECT_EQ(stay.weather().status().failed_dependency(), "hotel");
  EXPECT_EQ(lodging_.weather.calls, 0);
  EXPECT_EQ(stay.rooms().status().state(), SECTION_STATE_OK);
}

TEST_F(StayTest, RequiredSectionThatFailsEndsTheRequest) {
  lodging_.rooms.code = StatusCode::RESOURCE_EXHAUSTED;
  lodging_.reviews.hangs = true;
  v1::GetStayRequest request = RequestFor("budapest");
  request.mutable_required_mask()->add_paths("rooms");
  v1::Stay stay;
  const grpc::Status status = Get(request, &stay);
  EXPECT_EQ(status.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr("rooms"));
}

TEST_F(StayTest, UnknownKeyIsNotFoundInTheWordsOfTheProduct) {
  lodging_.hotel.code = StatusCode::NOT_FOUND;
  v1::Stay stay;
  const grpc::Status status = Get(RequestFor("nowhere"), &stay);
  EXPECT_EQ(status.error_code(), StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "there is no such hotel");
}

TEST_F(StayTest, HangingBackendCostsOnlyItsSection) {
  lodging_.reviews.hangs = true;
  v1::Stay stay;
  ASSERT_TRUE(Get(RequestFor("budapest"), &stay, std::chrono::seconds(1)).ok());
  EXPECT_EQ(stay.reviews().status().reason(), "BACKEND_TIMEOUT");
  EXPECT_EQ(stay.hotel().status().state(), SECTION_STATE_OK);
  EXPECT_EQ(stay.rooms().status().state(), SECTION_STATE_OK);
}

TEST_F(StayTest, StreamHasEachSectionAndLastTheSummary) {
  lodging_.weather.code = StatusCode::UNAVAILABLE;
  grpc::ClientContext context;
  const auto stream = stub_->StreamStay(&context, RequestFor("budapest"));
  std::map<v1::StayPart::PartCase, v1::StayPart> parts;
  v1::StayPart part;
  while (stream->Read(&part)) parts[part.part_case()] = part;
  EXPECT_EQ(part.part_case(), v1::StayPart::kSummary);
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(parts.size(), 5U);
  EXPECT_EQ(parts[v1::StayPart::kWeather].weather().status().reason(),
            "BACKEND_DECLINED");
  EXPECT_EQ(parts[v1::StayPart::kReviews].reviews().reviews_size(),
            FakeLodging::kReviews);
  EXPECT_FALSE(parts[v1::StayPart::kSummary].summary().complete());
}

// gatherctl's waterfall, of an answer whose sections it has never heard of.
TEST_F(StayTest, AnswerCanBeShownAsAWaterfall) {
  lodging_.weather.code = StatusCode::INTERNAL;
  v1::Stay stay;
  ASSERT_TRUE(Get(RequestFor("budapest"), &stay).ok());
  const std::string shown =
      gather::client::RenderWaterfall(stay, {.width = 120});
  EXPECT_THAT(shown, HasSubstr("Grand Budapest"));
  EXPECT_THAT(shown, HasSubstr("20000 reviews"));
  EXPECT_THAT(shown, HasSubstr("1 room"));
  EXPECT_THAT(shown, HasSubstr("weather"));
  EXPECT_THAT(shown, HasSubstr("BACKEND_ERROR"));
  EXPECT_THAT(shown, HasSubstr("not requested"));
}

// With replies that serve more than one request: the sections need not know.
class ReusingStayTest : public StayTest {
 protected:
  ReusingStayTest()
      : StayTest({.section_timeout = std::chrono::seconds(30),
                  .coalescing = {.enabled = true},
                  .stale_answers = {.enabled = true}}) {}
};

TEST_F(ReusingStayTest, FailedSectionsHaveWhatTheyHadBefore) {
  v1::Stay before;
  ASSERT_TRUE(Get(RequestFor("budapest"), &before).ok());
  for (FakeLodging::Manner* manner :
       {&lodging_.hotel, &lodging_.reviews, &lodging_.weather}) {
    manner->code = StatusCode::INTERNAL;
  }
  v1::Stay stay;
  ASSERT_TRUE(Get(RequestFor("budapest"), &stay).ok());
  EXPECT_FALSE(stay.complete());
  EXPECT_EQ(stay.hotel().status().state(), SECTION_STATE_STALE);
  EXPECT_EQ(stay.hotel().hotel().name(), "Grand Budapest");
  EXPECT_EQ(stay.reviews().status().state(), SECTION_STATE_STALE);
  EXPECT_EQ(stay.reviews().reviews_size(), FakeLodging::kReviews);
  EXPECT_EQ(stay.weather().status().state(), SECTION_STATE_STALE);
  EXPECT_EQ(stay.weather().words(), "snow in Nebelsbad");
  EXPECT_EQ(stay.rooms().status().state(), SECTION_STATE_OK);
}

// What /metrics says of the sections.
TEST_F(StayTest, MetricsTellSectionsApart) {
  lodging_.weather.code = StatusCode::INTERNAL;
  v1::Stay stay;
  ASSERT_TRUE(Get(RequestFor("budapest"), &stay).ok());
  gather::ops::MetricFamilies families;
  gather::host::AddSectionFamilies(
      service_->Report(), gather::fanout::ReasonWords(StayProduct::kSubject),
      families);
  std::vector<std::string> counted;
  for (const auto& family : families) {
    if (family.name != "gather_section_results_total") continue;
    for (const auto& metric : family.metric) {
      if (metric.counter.value == 0) continue;
      counted.push_back(metric.label[0].value + " " + metric.label[1].value +
                        " " + metric.label[2].value);
    }
  }
  EXPECT_THAT(counted, ElementsAre("hotel ok ", "rooms ok ", "reviews ok ",
                                   "weather failed BACKEND_ERROR",
                                   "offers not_requested "));
}

}  // namespace
}  // namespace stay
