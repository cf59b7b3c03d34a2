// StreamOverview: each section is sent the moment it is there, and the rules
// are those of GetOverview.

#include <grpcpp/client_context.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "tests/support/aggregator_fixture.h"
#include "tests/support/replies.h"

namespace gather::testing {
namespace {

using namespace std::chrono_literals;
using aggregator::v1::StreamOverviewRequest;
using aggregator::v1::StreamOverviewResponse;

StreamOverviewRequest StreamRequestFor(const std::string& user_id) {
  StreamOverviewRequest request;
  request.set_user_id(user_id);
  return request;
}

// A call of StreamOverview in flight.
class Stream {
 public:
  Stream(AggregatorFixture& fixture, const StreamOverviewRequest& request,
         std::optional<std::chrono::milliseconds> timeout = kPatience) {
    if (timeout) {
      context_.set_deadline(std::chrono::system_clock::now() + *timeout);
    }
    reader_ = fixture.stub().StreamOverview(&context_, request);
  }
  ~Stream() {
    if (!ended_) {
      context_.TryCancel();
      (void)Finish();
    }
  }

  // The next message, or one without a part where the stream has ended.
  StreamOverviewResponse Next() {
    StreamOverviewResponse part;
    if (!reader_->Read(&part)) part.Clear();
    return part;
  }
  grpc::Status Finish() {
    ended_ = true;
    StreamOverviewResponse rest;
    while (reader_->Read(&rest)) {
    }
    return reader_->Finish();
  }
  void Cancel() { context_.TryCancel(); }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderInterface<StreamOverviewResponse>> reader_;
  bool ended_ = false;
};

class StreamTest : public ::testing::Test {
 protected:
  // Each backend answers right once its gate opens.
  void HoldAll() {
    fixture_.user.SetScript({AnswerRight(&user_gate_)});
    fixture_.orders.SetScript({AnswerRight(&orders_gate_)});
    fixture_.products.SetScript({AnswerRight(&products_gate_)});
  }

  AggregatorFixture fixture_;
  Gate user_gate_;
  Gate orders_gate_;
  Gate products_gate_;
};

TEST_F(StreamTest, EachSectionComesWhileSlowerOnesAreStillInFlight) {
  HoldAll();
  Stream stream(fixture_, StreamRequestFor("u-1"));
  products_gate_.Open();
  EXPECT_TRUE(IsRight(stream.Next().products(), "u-1"));
  orders_gate_.Open();
  EXPECT_TRUE(IsRight(stream.Next().orders(), "u-1"));
  user_gate_.Open();
  EXPECT_TRUE(IsRight(stream.Next().user(), "u-1"));

  const StreamOverviewResponse last = stream.Next();
  EXPECT_TRUE(last.summary().complete());
  EXPECT_TRUE(last.summary().timing().has_start_time());
  EXPECT_EQ(stream.Next().part_case(), StreamOverviewResponse::PART_NOT_SET);
  EXPECT_TRUE(stream.Finish().ok());
}

TEST_F(StreamTest, SectionThatFailsIsSentAsFailedAndCostsNoOther) {
  HoldAll();
  fixture_.orders.SetScript({Fail(grpc::StatusCode::INTERNAL, "secret")});
  Stream stream(fixture_, StreamRequestFor("u-1"));
  const StreamOverviewResponse first = stream.Next();
  EXPECT_EQ(first.orders().status().state(), fanout::v1::SECTION_STATE_FAILED);
  EXPECT_EQ(first.orders().status().reason(), "BACKEND_ERROR");
  EXPECT_EQ(first.SerializeAsString().find("secret"), std::string::npos);
  products_gate_.Open();
  EXPECT_TRUE(IsRight(stream.Next().products(), "u-1"));
  user_gate_.Open();
  EXPECT_TRUE(IsRight(stream.Next().user(), "u-1"));
  const StreamOverviewResponse last = stream.Next();
  EXPECT_TRUE(last.has_summary());
  EXPECT_FALSE(last.summary().complete());
  EXPECT_TRUE(stream.Finish().ok());
}

TEST_F(StreamTest, RequiredSectionThatFailsEndsTheStreamAndCancelsTheRest) {
  HoldAll();
  fixture_.orders.SetScript(
      {Fail(grpc::StatusCode::RESOURCE_EXHAUSTED, "", &orders_gate_)});
  StreamOverviewRequest request = StreamRequestFor("u-1");
  request.mutable_required_mask()->add_paths("orders");
  Stream stream(fixture_, request);
  ASSERT_TRUE(fixture_.user.calls().WaitFor(1));
  ASSERT_TRUE(fixture_.orders.calls().WaitFor(1));
  products_gate_.Open();
  EXPECT_TRUE(IsRight(stream.Next().products(), "u-1"));
  orders_gate_.Open();
  EXPECT_EQ(stream.Next().part_case(), StreamOverviewResponse::PART_NOT_SET);
  const grpc::Status status = stream.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(status.error_message(),
            "required section orders failed: the backend has too much to do");
  EXPECT_TRUE(fixture_.user.cancellations().WaitFor(1));
}

TEST_F(StreamTest, UnknownUserIsNotFound) {
  HoldAll();
  fixture_.user.SetScript({Fail(grpc::StatusCode::NOT_FOUND, "", &user_gate_)});
  Stream stream(fixture_, StreamRequestFor("u-1"));
  ASSERT_TRUE(fixture_.orders.calls().WaitFor(1));
  ASSERT_TRUE(fixture_.products.calls().WaitFor(1));
  user_gate_.Open();
  EXPECT_EQ(stream.Next().part_case(), StreamOverviewResponse::PART_NOT_SET);
  EXPECT_EQ(stream.Finish().error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(StreamTest, EverySectionFailedFailsTheCallAfterTheSections) {
  for (FakeBackend* backend :
       {&fixture_.user, &fixture_.orders, &fixture_.products}) {
    backend->SetScript({Fail(grpc::StatusCode::INTERNAL)});
  }
  Stream stream(fixture_, StreamRequestFor("u-1"));
  for (int i = 0; i < 3; ++i) {
    const StreamOverviewResponse part = stream.Next();
    EXPECT_NE(part.part_case(), StreamOverviewResponse::PART_NOT_SET);
    EXPECT_FALSE(part.has_summary());
  }
  EXPECT_EQ(stream.Next().part_case(), StreamOverviewResponse::PART_NOT_SET);
  EXPECT_EQ(stream.Finish().error_code(), grpc::StatusCode::INTERNAL);
}

TEST_F(StreamTest, OnlyRequestedSectionsAreCalledAndSent) {
  StreamOverviewRequest request = StreamRequestFor("u-1");
  request.mutable_read_mask()->add_paths("orders");
  request.set_order_page_size(3);
  Stream stream(fixture_, request);
  EXPECT_TRUE(IsRight(stream.Next().orders(), "u-1"));
  EXPECT_TRUE(stream.Next().summary().complete());
  EXPECT_TRUE(stream.Finish().ok());
  EXPECT_EQ(fixture_.backend_calls(), 1);
  EXPECT_EQ(fixture_.orders.seen()[0].page_size, 3);
}

TEST_F(StreamTest, BadRequestIsRefusedInTheWordsOfGetOverview) {
  StreamOverviewRequest request = StreamRequestFor("u-1");
  request.set_product_page_size(101);
  auto same = RequestFor("u-1");
  same.set_product_page_size(101);
  Stream stream(fixture_, request);
  const grpc::Status refused = stream.Finish();
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(refused.error_message(), fixture_.Get(same).status.error_message());
  EXPECT_EQ(fixture_.backend_calls(), 0);
}

TEST_F(StreamTest, ClientThatCancelsCancelsWhatIsInFlight) {
  HoldAll();
  // No deadline, which would cancel them too.
  Stream stream(fixture_, StreamRequestFor("u-1"), std::nullopt);
  products_gate_.Open();
  EXPECT_TRUE(IsRight(stream.Next().products(), "u-1"));
  ASSERT_TRUE(fixture_.user.calls().WaitFor(1));
  ASSERT_TRUE(fixture_.orders.calls().WaitFor(1));
  stream.Cancel();
  EXPECT_TRUE(fixture_.user.cancellations().WaitFor(1));
  EXPECT_TRUE(fixture_.orders.cancellations().WaitFor(1));
  EXPECT_EQ(stream.Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(StreamTest, DrainWaitsForAStreamInFlight) {
  HoldAll();
  Stream stream(fixture_, StreamRequestFor("u-1"));
  products_gate_.Open();
  EXPECT_TRUE(IsRight(stream.Next().products(), "u-1"));
  fixture_.server().StopServing();
  const std::jthread drain(
      [&] { fixture_.server().Drain(async::Clock::now() + kPatience); });
  orders_gate_.Open();
  EXPECT_TRUE(IsRight(stream.Next().orders(), "u-1"));
  user_gate_.Open();
  EXPECT_TRUE(IsRight(stream.Next().user(), "u-1"));
  EXPECT_TRUE(stream.Next().summary().complete());
  EXPECT_TRUE(stream.Finish().ok());
}

TEST(StreamBudgetTest, HungBackendIsAFailedSectionBeforeTheClientGivesUp) {
  FixtureOptions options;
  options.timeouts.section = 200ms;
  AggregatorFixture fixture(options);
  fixture.user.SetScript({NeverAnswer()});
  Stream stream(fixture, StreamRequestFor("u-1"));
  bool timed_out = false;
  for (int i = 0; i < 3; ++i) {
    const StreamOverviewResponse part = stream.Next();
    EXPECT_NE(part.part_case(), StreamOverviewResponse::PART_NOT_SET);
    timed_out |= part.user().status().reason() == "BACKEND_TIMEOUT";
  }
  EXPECT_TRUE(timed_out);
  const StreamOverviewResponse last = stream.Next();
  EXPECT_TRUE(last.has_summary());
  EXPECT_FALSE(last.summary().complete());
  EXPECT_TRUE(stream.Finish().ok());
}

}  // namespace
}  // namespace gather::testing
