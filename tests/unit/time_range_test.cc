#include "server/rpc/time_range.h"

#include <gtest/gtest.h>

#include "gather/testing/v1/json.pb.h"
#include "google/protobuf/field_mask.pb.h"

namespace gather::rpc {
namespace {

using testing::v1::AnyKind;

class TimeCheckTest : public ::testing::Test {
 protected:
  bool Accepts() const { return check_.Accepts(message_); }

  AnyKind message_;
  const TimeCheck check_{*AnyKind::descriptor()};
};

TEST_F(TimeCheckTest, AcceptsWhatHasNoTimes) {
  EXPECT_TRUE(Accepts());
  message_.mutable_nested()->mutable_nested()->set_an_int64(1);
  EXPECT_TRUE(Accepts());
  EXPECT_TRUE(TimeCheck(*google::protobuf::FieldMask::descriptor())
                  .Accepts(google::protobuf::FieldMask()));
}

TEST_F(TimeCheckTest, FindsABadTimeWhereverItStands) {
  for (google::protobuf::Timestamp* time :
       {message_.mutable_time(), message_.mutable_nested()->mutable_time(),
        message_.mutable_right()->add_messages()->mutable_time(),
        message_.add_times()}) {
    time->set_seconds(1'600'000'000);
    EXPECT_TRUE(Accepts());
    time->set_nanos(-1);
    EXPECT_FALSE(Accepts());
    time->set_nanos(0);
    time->set_seconds(1'000'000'000'000'000);
    EXPECT_FALSE(Accepts());
    time->set_seconds(0);
    EXPECT_TRUE(Accepts());
  }
}

TEST_F(TimeCheckTest, FindsABadTimeInAMap) {
  (*message_.mutable_by_bool())[true].set_nanos(-1);
  EXPECT_FALSE(Accepts());
  (*message_.mutable_by_bool())[true].set_nanos(0);
  EXPECT_TRUE(Accepts());
  (*message_.mutable_by_number())[1].mutable_time()->set_nanos(-1);
  EXPECT_FALSE(Accepts());
}

TEST_F(TimeCheckTest, FindsABadDuration) {
  message_.mutable_duration()->set_seconds(-1);
  EXPECT_TRUE(Accepts());
  message_.mutable_duration()->set_nanos(1);
  EXPECT_FALSE(Accepts());
}

}  // namespace
}  // namespace gather::rpc
