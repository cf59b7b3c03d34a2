#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/aggregator/overview.h"
#include "server/fanout/catalog.h"
#include "server/fanout/fetch.h"
#include "server/fanout/relay.h"
#include "server/rpc/spliced.h"

namespace gather::aggregator {
namespace {

using ::testing::ElementsAre;

TEST(SectionsTest, ListFitsTheProtos) {
  const auto catalog = fanout::MakeCatalog<Overview>();
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  EXPECT_EQ(catalog->domain, "gather.aggregator.v1");
}

Orders::Reply Received(const std::string& bytes) {
  Orders::Reply::Wire wire;
  EXPECT_TRUE(wire.ParseFromString(bytes));
  return Orders::Reply(std::move(wire));
}

TEST(SectionsTest, RelayedReplySaysWhomItIsFor) {
  order::v1::ListOrdersResponse whole;
  whole.set_user_id("alice");
  whole.add_orders()->set_id("1");
  Orders::Request request;
  request.set_user_id("bob");
  const Orders::Reply reply = Received(whole.SerializeAsString());
  EXPECT_EQ(Orders::EchoOf(request, reply).answered, "alice");
  EXPECT_EQ(Orders::EchoOf(request, reply).asked, "bob");
  EXPECT_EQ(Orders::EchoOf(request, Received("")).answered, "");
  // As a parser has it, the last one counts.
  whole.set_user_id("bob");
  EXPECT_EQ(Orders::EchoOf(request, Received("\x0a\x05"
                                             "alice" +
                                             whole.SerializeAsString()))
                .answered,
            "bob");
}

// Orders of those products, one item each, as they come from the backend.
Orders::Reply OrdersOf(const std::vector<std::string>& products) {
  order::v1::ListOrdersResponse orders;
  orders.set_user_id("alice");
  for (const std::string& id : products) {
    order::v1::LineItem* item = orders.add_orders()->add_line_items();
    item->set_product_name("Wok");
    item->set_product_id(id);
    item->mutable_unit_price()->set_units(12);
  }
  orders.set_total_size(7);
  return Received(orders.SerializeAsString());
}

TEST(SectionsTest, RelayedReplyTellsTheTextsAtTheEndOfAPath) {
  using List = order::v1::ListOrdersResponse;
  using order::v1::LineItem;
  using order::v1::Order;
  const std::initializer_list<int> path = {List::kOrdersFieldNumber,
                                           Order::kLineItemsFieldNumber,
                                           LineItem::kProductIdFieldNumber};
  EXPECT_THAT(OrdersOf({"wok", "", "pan"}).Texts(path),
              ElementsAre("wok", "pan"));
  EXPECT_THAT(OrdersOf({"wok"}).Texts({List::kUserIdFieldNumber}),
              ElementsAre("alice"));
  EXPECT_THAT(OrdersOf({}).Texts(path), ElementsAre());
  // A number and a group where a message is, and a group around one.
  EXPECT_THAT(Received("\x10\x05\x13\x14\x12\x05\x2b\x0a\x01x\x2c"
                       "\x12\x05\x2a\x03\x0a\x01y")
                  .Texts(path),
              ElementsAre("y"));
  // What is cut ends the search; IsReadable() refuses it.
  EXPECT_THAT(Received("\x12\x03\x2a\x7fx").Texts(path), ElementsAre());
}

TEST(SectionsTest, PurchasesAreAskedForOnceEachInBatches) {
  EXPECT_TRUE(Purchases::Ask({}, OrdersOf({})).empty());
  const auto few = Purchases::Ask({}, OrdersOf({"wok", "pan", "", "wok"}));
  ASSERT_EQ(few.size(), 1U);
  EXPECT_THAT(few[0].ids(), ElementsAre("wok", "pan"));

  std::vector<std::string> products;
  for (int i = 0; i < 201; ++i) products.push_back(absl::StrCat(i));
  const auto many = Purchases::Ask({}, OrdersOf(products));
  ASSERT_EQ(many.size(), 3U);
  EXPECT_EQ(many[0].ids_size(), 100);
  EXPECT_EQ(many[1].ids_size(), 100);
  EXPECT_THAT(many[2].ids(), ElementsAre("200"));
}

// Whether a batch of "wok", "pan" and "pot" is answered for by that.
bool IsAnswered(const std::vector<std::string>& products,
                const std::vector<std::string>& missing) {
  Purchases::Request request;
  for (const char* id : {"wok", "pan", "pot"}) request.add_ids(id);
  product::v1::BatchGetProductsResponse reply;
  for (const std::string& id : products) reply.add_products()->set_id(id);
  for (const std::string& id : missing) reply.add_missing_ids(id);
  Purchases::Reply::Wire wire;
  EXPECT_TRUE(wire.ParseFromString(reply.SerializeAsString()));
  const Purchases::Reply received(std::move(wire));
  const fanout::Echo echo = Purchases::EchoOf(request, received);
  return !echo.answered.empty() && echo.answered == echo.asked;
}

TEST(SectionsTest, BatchIsAnsweredForIdById) {
  EXPECT_TRUE(IsAnswered({"wok", "pan", "pot"}, {}));
  EXPECT_TRUE(IsAnswered({"wok", "pot"}, {"pan"}));
  EXPECT_TRUE(IsAnswered({}, {"wok", "pan", "pot"}));
  EXPECT_FALSE(IsAnswered({}, {}));
  EXPECT_FALSE(IsAnswered({"wok", "pan"}, {}));
  EXPECT_FALSE(IsAnswered({"pan", "wok", "pot"}, {}));
  EXPECT_FALSE(IsAnswered({"wok", "pan", "pot", "wok"}, {}));
  EXPECT_FALSE(IsAnswered({"wok", "pan", "pot"}, {"wok"}));
  EXPECT_FALSE(IsAnswered({"lid", "pan", "pot"}, {}));
}

// As it comes from a backend, and as the caller reads it.
v1::OrdersSection Relay(const std::string& bytes) {
  rpc::Spliced<v1::GetOverviewResponse> answer;
  answer.message().mutable_orders()->mutable_status()->set_state(
      fanout::v1::SECTION_STATE_OK);
  fanout::Fetched<Orders> fetched{.landing = {}, .reply = Received(bytes)};
  fanout::Fill(fetched, answer);
  v1::GetOverviewResponse read;
  EXPECT_TRUE(read.ParseFromString(answer.SerializeAsString()));
  return read.orders();
}

TEST(SectionsTest, RelaysEveryField) {
  order::v1::ListOrdersResponse whole;
  whole.set_user_id("alice");
  whole.add_orders()->set_id("1");
  whole.add_orders()->mutable_total()->set_units(12);
  whole.set_next_page_token("next");
  whole.set_total_size(7);
  const v1::OrdersSection section = Relay(whole.SerializeAsString());
  ASSERT_EQ(section.orders_size(), 2);
  EXPECT_EQ(section.orders(0).SerializeAsString(),
            whole.orders(0).SerializeAsString());
  EXPECT_EQ(section.orders(1).total().units(), 12);
  EXPECT_EQ(section.next_page_token(), "next");
  EXPECT_EQ(section.total_size(), 7);
  EXPECT_EQ(section.status().state(), fanout::v1::SECTION_STATE_OK);
}

TEST(SectionsTest, RelaysNoStatusOfABackend) {
  // Field 1, which is the section's status, as a number and as a group, and
  // field 99, which no section has, around a total_size of 7.
  const std::string bytes =
      "\x08\x05\x0b\x0c"
      "\x20\x07"
      "\x9a\x06\x01x";
  const v1::OrdersSection section = Relay(bytes);
  EXPECT_EQ(section.total_size(), 7);
  EXPECT_EQ(section.status().state(), fanout::v1::SECTION_STATE_OK);
  EXPECT_TRUE(section.GetReflection()->GetUnknownFields(section).empty());
}

TEST(SectionsTest, WhatComesTwiceIsForTheReader) {
  order::v1::ListOrdersResponse first;
  first.set_next_page_token("first");
  order::v1::ListOrdersResponse last;
  last.set_next_page_token("last");
  last.set_total_size(3);
  const v1::OrdersSection section =
      Relay(first.SerializeAsString() + last.SerializeAsString());
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

TEST(SectionsTest, NoPayloadIsTooDeepForTheAnswer) {
  int readable = 0;
  for (int depth = 90; depth <= 102; ++depth) {
    const std::string groups = Groups(depth);
    std::string order = "\x12";
    order += static_cast<char>((groups.size() & 127) | 128);
    order += static_cast<char>(groups.size() >> 7);
    Orders::Reply list = Received(order + groups);
    rpc::Spliced<v1::GetOverviewResponse> response;
    if (IsReadable(list)) {
      fanout::Fetched<Orders> fetched{.landing = {}, .reply = std::move(list)};
      fanout::Fill(fetched, response);
      ++readable;
    }
    user::v1::GetUserResponse user;
    if (user.ParseFromString("\x0a" + order.substr(1) + groups)) {
      fanout::Fetched<User> fetched{.landing = {}, .reply = std::move(user)};
      fanout::Fill(fetched, response);
    }
    EXPECT_TRUE(
        v1::GetOverviewResponse().ParseFromString(response.SerializeAsString()))
        << depth;
  }
  EXPECT_GT(readable, 0);
}

TEST(SectionsTest, WhatOnlyTheCallerKnowsIsKept) {
  user::v1::GetUserResponse reply;
  reply.mutable_user()->set_id("alice");
  reply.mutable_user()->set_tier(static_cast<user::v1::Tier>(9));
  auto* time = reply.mutable_user()->mutable_create_time();
  for (google::protobuf::Message* message :
       {static_cast<google::protobuf::Message*>(reply.mutable_user()),
        static_cast<google::protobuf::Message*>(time)}) {
    auto* unknown = message->GetReflection()->MutableUnknownFields(message);
    unknown->AddVarint(98, 1);
    unknown->AddGroup(99);
    unknown->AddLengthDelimited(100, "new");
  }
  fanout::Fetched<User> fetched{.landing = {}, .reply = reply};
  rpc::Spliced<v1::GetOverviewResponse> answer;
  fanout::Fill(fetched, answer);
  const v1::UserSection& section = answer.message().user();
  EXPECT_EQ(section.user().tier(), 9);
  for (const google::protobuf::Message* message :
       {static_cast<const google::protobuf::Message*>(&section.user()),
        static_cast<const google::protobuf::Message*>(
            &section.user().create_time())}) {
    const auto& kept = message->GetReflection()->GetUnknownFields(*message);
    ASSERT_EQ(kept.field_count(), 2);  // not the group
    EXPECT_EQ(kept.field(0).number(), 98);
    EXPECT_EQ(kept.field(1).length_delimited(), "new");
  }
}

// As Fetch() has it, of a request for alice and a page of 2.
std::optional<fanout::Reason> FaultIn(
    const order::v1::ListOrdersResponse& reply) {
  Orders::Request request;
  request.set_user_id("alice");
  request.set_page_size(2);
  return Orders::FaultIn(request, Received(reply.SerializeAsString()));
}

TEST(SectionsTest, ListIsThePageThatWasAskedFor) {
  order::v1::ListOrdersResponse reply;
  EXPECT_EQ(FaultIn(reply), std::nullopt);
  reply.add_orders()->set_user_id("alice");
  reply.add_orders()->set_user_id("alice");
  reply.set_total_size(2);
  EXPECT_EQ(FaultIn(reply), std::nullopt);
  reply.set_total_size(-5);
  EXPECT_EQ(FaultIn(reply), fanout::Reason::kReplyUnreadable);
  reply.set_total_size(3);
  reply.add_orders()->set_user_id("alice");
  EXPECT_EQ(FaultIn(reply), fanout::Reason::kReplyTooLarge);
}

TEST(SectionsTest, PageThatWasLeftToTheBackendHasAnyLength) {
  Products::Request request;
  product::v1::ListRecommendedProductsResponse reply;
  for (int i = 0; i < 200; ++i) reply.add_products();
  Products::Reply::Wire wire;
  ASSERT_TRUE(wire.ParseFromString(reply.SerializeAsString()));
  const Products::Reply received(std::move(wire));
  EXPECT_EQ(Products::FaultIn(request, received), std::nullopt);
  request.set_page_size(199);
  EXPECT_EQ(Products::FaultIn(request, received),
            fanout::Reason::kReplyTooLarge);
}

TEST(SectionsTest, ItemOfSomebodyElseIsTold) {
  order::v1::ListOrdersResponse reply;
  order::v1::Order* order = reply.add_orders();
  order->set_id("1");
  order->add_line_items()->set_product_name("mallory");
  EXPECT_EQ(FaultIn(reply), std::nullopt);  // it says nothing
  order->set_user_id("mallory");
  EXPECT_EQ(FaultIn(reply), fanout::Reason::kReplyForAnother);
  order->set_user_id("alice");
  EXPECT_EQ(FaultIn(reply), std::nullopt);
}

TEST(SectionsTest, PayloadThatCannotBeReadIsToldFromOneThatCan) {
  EXPECT_TRUE(IsReadable(Received("\x12\x03\x0a\x01x")));      // an order "x"
  EXPECT_FALSE(IsReadable(Received("\x12\x03\x0a\x02x")));     // cut in its id
  EXPECT_FALSE(IsReadable(Received("\x12\x03\x0a\x01\xff")));  // no UTF-8
}

}  // namespace
}  // namespace gather::aggregator
