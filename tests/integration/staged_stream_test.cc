// A stream of sections of which one needs another.

#include <grpcpp/client_context.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "tests/support/aggregator_fixture.h"
#include "tests/support/replies.h"

namespace gather::testing {
namespace {

namespace v1 = aggregator::v1;
using grpc::StatusCode;

class StagedStreamTest : public ::testing::Test {
 protected:
  ~StagedStreamTest() override { fixture_.StopBackends(); }

  void Open(const std::vector<std::string>& sections) {
    v1::StreamOverviewRequest request;
    request.set_user_id("u-1");
    for (const std::string& section : sections) {
      request.mutable_read_mask()->add_paths(section);
    }
    context_.set_deadline(std::chrono::system_clock::now() + kPatience);
    reader_ = fixture_.stub().StreamOverview(&context_, request);
  }
  v1::StreamOverviewResponse Next() {
    v1::StreamOverviewResponse part;
    if (!reader_->Read(&part)) part.Clear();
    return part;
  }

  AggregatorFixture fixture_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderInterface<v1::StreamOverviewResponse>>
      reader_;
};

TEST_F(StagedStreamTest, OrdersAreSentWhenTheyLandAndPurchasesAfterThem) {
  Gate purchases;
  fixture_.purchases.SetScript({AnswerRight(&purchases)});
  Open({"orders", "purchases"});
  EXPECT_TRUE(IsRight(Next().orders(), "u-1"));
  purchases.Open();
  EXPECT_TRUE(IsRight(Next().purchases(), "u-1"));
  const v1::StreamOverviewResponse last = Next();
  EXPECT_TRUE(last.summary().complete());
  EXPECT_EQ(absl::StrJoin(last.summary().timing().critical_path(), ", "),
            "orders, purchases");
  EXPECT_TRUE(reader_->Finish().ok());
}

TEST_F(StagedStreamTest, HiddenDependencyIsNoPart) {
  Open({"purchases"});
  EXPECT_TRUE(IsRight(Next().purchases(), "u-1"));
  EXPECT_TRUE(Next().has_summary());
  EXPECT_TRUE(reader_->Finish().ok());
}

TEST_F(StagedStreamTest, FailedDependencyIsNamed) {
  fixture_.orders.SetScript({Fail(StatusCode::INTERNAL)});
  Open({"orders", "purchases", "user"});
  std::set<std::string> failed;
  while (true) {
    const v1::StreamOverviewResponse part = Next();
    if (part.has_summary()) break;
    ASSERT_NE(part.part_case(), v1::StreamOverviewResponse::PART_NOT_SET);
    if (part.has_orders()) failed.insert(part.orders().status().reason());
    if (part.has_purchases()) {
      failed.insert(part.purchases().status().failed_dependency());
    }
  }
  EXPECT_EQ(failed, (std::set<std::string>{"BACKEND_ERROR", "orders"}));
  EXPECT_TRUE(reader_->Finish().ok());
}

}  // namespace
}  // namespace gather::testing
