#include "server/aggregator/sources.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace gather::aggregator {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// A relayed payload is read under the section's field numbers.
template <typename Source, typename Section>
void ExpectSectionReadsReply() {
  const Descriptor& section = *Section::descriptor();
  const Descriptor& reply = *Source::Whole::descriptor();
  for (int i = 0; i < reply.field_count(); ++i) {
    const FieldDescriptor& sent = *reply.field(i);
    if (ListReply::descriptor()->FindFieldByName(sent.name()) != nullptr) {
      continue;  // read by the aggregator
    }
    const FieldDescriptor* const read =
        section.FindFieldByNumber(sent.number());
    ASSERT_NE(read, nullptr) << sent.full_name();
    EXPECT_EQ(read->name(), sent.name());
    EXPECT_EQ(read->type(), sent.type()) << sent.full_name();
    EXPECT_EQ(read->is_repeated(), sent.is_repeated()) << sent.full_name();
    EXPECT_EQ(read->message_type(), sent.message_type()) << sent.full_name();
  }
}

TEST(SourcesTest, SectionsHaveTheNumbersOfTheRepliesTheyRelay) {
  ExpectSectionReadsReply<OrdersSource, v1::OrdersSection>();
  ExpectSectionReadsReply<ProductsSource, v1::ProductsSection>();
}

TEST(SourcesTest, WhatIsReadOfAReplyIsItsUser) {
  for (const Descriptor* whole : {OrdersSource::Whole::descriptor(),
                                  ProductsSource::Whole::descriptor()}) {
    const FieldDescriptor* const user = whole->FindFieldByName("user_id");
    ASSERT_NE(user, nullptr) << whole->full_name();
    EXPECT_EQ(user->number(), ListReply::kUserIdFieldNumber);
    EXPECT_EQ(user->type(), FieldDescriptor::TYPE_STRING);
  }
}

// As it comes from a backend, and as the caller reads it.
v1::OrdersSection Relayed(const std::string& bytes) {
  ListReply reply;
  EXPECT_TRUE(reply.ParseFromString(bytes));
  v1::OrdersSection section;
  section.mutable_status()->set_state(v1::SECTION_STATE_OK);
  OrdersSource::Fill(std::move(reply), &section);
  v1::OrdersSection read;
  EXPECT_TRUE(read.ParseFromString(section.SerializeAsString()));
  return read;
}

TEST(SourcesTest, RelaysEveryField) {
  order::v1::ListOrdersResponse whole;
  whole.set_user_id("alice");
  whole.add_orders()->set_id("1");
  whole.add_orders()->mutable_total()->set_units(12);
  whole.set_next_page_token("next");
  whole.set_total_size(7);
  const v1::OrdersSection section = Relayed(whole.SerializeAsString());
  ASSERT_EQ(section.orders_size(), 2);
  EXPECT_EQ(section.orders(0).SerializeAsString(),
            whole.orders(0).SerializeAsString());
  EXPECT_EQ(section.orders(1).total().units(), 12);
  EXPECT_EQ(section.next_page_token(), "next");
  EXPECT_EQ(section.total_size(), 7);
  EXPECT_EQ(section.status().state(), v1::SECTION_STATE_OK);
}

TEST(SourcesTest, RelaysNoStatusOfABackend) {
  // Field 1, which is the section's status, as a number and as a group, and
  // field 99, which no section has, around a total_size of 7.
  const std::string bytes =
      "\x08\x05\x0b\x0c"
      "\x20\x07"
      "\x9a\x06\x01x";
  const v1::OrdersSection section = Relayed(bytes);
  EXPECT_EQ(section.total_size(), 7);
  EXPECT_EQ(section.status().state(), v1::SECTION_STATE_OK);
  EXPECT_TRUE(section.GetReflection()->GetUnknownFields(section).empty());
}

TEST(SourcesTest, WhatComesTwiceIsForTheReader) {
  order::v1::ListOrdersResponse first;
  first.set_next_page_token("first");
  order::v1::ListOrdersResponse last;
  last.set_next_page_token("last");
  last.set_total_size(3);
  const v1::OrdersSection section =
      Relayed(first.SerializeAsString() + last.SerializeAsString());
  EXPECT_EQ(section.next_page_token(), "last");
  EXPECT_EQ(section.total_size(), 3);
}

// A field of so many groups in each other, with the number 99.
std::string Groups(int depth) {
  std::string groups;
  for (int i = 0; i < depth; ++i) groups += "\x9b\x06";
  for (int i = 0; i < depth; ++i) groups += "\x9c\x06";
  return groups;
}

TEST(SourcesTest, NoPayloadIsTooDeepForTheAnswer) {
  int readable = 0;
  for (int depth = 90; depth <= 102; ++depth) {
    const std::string groups = Groups(depth);
    ListReply list;
    std::string order = "\x12";
    order += static_cast<char>((groups.size() & 127) | 128);
    order += static_cast<char>(groups.size() >> 7);
    ASSERT_TRUE(list.ParseFromString(order + groups));
    v1::GetOverviewResponse response;
    if (OrdersSource::Readable(list)) {
      OrdersSource::Fill(std::move(list), response.mutable_orders());
      ++readable;
    }
    user::v1::GetUserResponse user;
    if (user.ParseFromString("\x0a" + order.substr(1) + groups)) {
      UserSource::Fill(std::move(user), response.mutable_user());
    }
    EXPECT_TRUE(
        v1::GetOverviewResponse().ParseFromString(response.SerializeAsString()))
        << depth;
  }
  EXPECT_GT(readable, 0);
}

TEST(SourcesTest, PayloadThatCannotBeReadIsToldFromOneThatCan) {
  ListReply reply;
  ASSERT_TRUE(reply.ParseFromString("\x12\x03\x0a\x01x"));  // an order "x"
  EXPECT_TRUE(OrdersSource::Readable(reply));
  ASSERT_TRUE(reply.ParseFromString("\x12\x03\x0a\x02x"));  // cut in its id
  EXPECT_FALSE(OrdersSource::Readable(reply));
  ASSERT_TRUE(reply.ParseFromString("\x12\x03\x0a\x01\xff"));  // no UTF-8
  EXPECT_FALSE(OrdersSource::Readable(reply));
}

}  // namespace
}  // namespace gather::aggregator
