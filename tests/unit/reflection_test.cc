#include "server/rpc/reflection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/type.pb.h"

namespace gather::rpc {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> NamesOf(const Reflection::Files& files) {
  std::vector<std::string> names;
  for (const std::string& file : files) {
    google::protobuf::FileDescriptorProto proto;
    EXPECT_TRUE(proto.ParseFromString(file));
    names.push_back(proto.name());
  }
  return names;
}

// What is not used is not linked.
class ReflectionTest : public ::testing::Test {
 protected:
  const std::string message_ =
      std::string(google::protobuf::Type::descriptor()->full_name());
};

TEST_F(ReflectionTest, FileComesWithThoseThatItImportsEachOnce) {
  const auto of_symbol = Reflection::FileOfSymbol(message_);
  ASSERT_TRUE(of_symbol.ok());
  EXPECT_THAT(
      NamesOf(*of_symbol),
      ElementsAre("google/protobuf/type.proto", "google/protobuf/any.proto",
                  "google/protobuf/source_context.proto"));
  const auto by_name = Reflection::FileByName("google/protobuf/type.proto");
  ASSERT_TRUE(by_name.ok());
  EXPECT_EQ(*by_name, *of_symbol);
}

TEST_F(ReflectionTest, WhatThereIsNotIsNotFound) {
  EXPECT_EQ(Reflection::FileByName("a/b.proto").status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(Reflection::FileOfSymbol("a.B").status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(Reflection::FileOfSymbol("").status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(Reflection::FileOfExtension("a.B", 1).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(Reflection::ExtensionsOf("a.B").status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(ReflectionTest, MessageWithoutExtensionsHasNone) {
  const auto numbers = Reflection::ExtensionsOf(message_);
  ASSERT_TRUE(numbers.ok());
  EXPECT_TRUE(numbers->empty());
}

}  // namespace
}  // namespace gather::rpc
