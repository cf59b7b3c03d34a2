#include "server/fanout/relay.h"

#include <gtest/gtest.h>

#include <initializer_list>

#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/unknown_field_set.h"

namespace gather::fanout {
namespace {

using google::protobuf::Message;
using google::protobuf::UnknownField;
using google::protobuf::UnknownFieldSet;

constexpr int kUnknown = 123'456;

UnknownFieldSet& UnknownIn(Message& message) {
  return *message.GetReflection()->MutableUnknownFields(&message);
}

void AddUnknown(Message& message) {
  UnknownIn(message).AddGroup(kUnknown)->AddVarint(1, 1);
  UnknownIn(message).AddVarint(kUnknown, 7);
}

void ExpectOnlyTheNumber(Message& message) {
  const UnknownFieldSet& unknown = UnknownIn(message);
  ASSERT_EQ(unknown.field_count(), 1);
  EXPECT_EQ(unknown.field(0).type(), UnknownField::TYPE_VARINT);
}

TEST(DiscardUnknownGroupsTest, FindsThemInMessagesAtAnyDepth) {
  google::protobuf::FileDescriptorProto file;
  auto& field = *file.add_message_type()->add_field();
  auto& options = *field.mutable_options();  // of a type with extensions
  auto& option = *options.add_uninterpreted_option();
  for (Message* message :
       std::initializer_list<Message*>{&file, &field, &options, &option}) {
    AddUnknown(*message);
  }
  DiscardUnknownGroups(&file);
  ExpectOnlyTheNumber(file);
  ExpectOnlyTheNumber(field);
  ExpectOnlyTheNumber(options);
  ExpectOnlyTheNumber(option);
}

TEST(DiscardUnknownGroupsTest, FindsThemInMaps) {
  google::protobuf::Struct map;
  AddUnknown((*map.mutable_fields())["key"]);
  DiscardUnknownGroups(&map);
  ExpectOnlyTheNumber((*map.mutable_fields())["key"]);
}

TEST(DiscardUnknownGroupsTest, AddsNothing) {
  google::protobuf::FileDescriptorProto file;
  DiscardUnknownGroups(&file);
  EXPECT_FALSE(file.has_options());
  EXPECT_EQ(file.ByteSizeLong(), 0);
}

}  // namespace
}  // namespace gather::fanout
