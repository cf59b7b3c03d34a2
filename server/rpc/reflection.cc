#include "server/rpc/reflection.h"

#include <cstddef>

#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"

namespace gather::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

const DescriptorPool& Pool() { return *DescriptorPool::generated_pool(); }

absl::StatusOr<Reflection::Files> WithImports(const FileDescriptor* file) {
  if (file == nullptr) return absl::NotFoundError("no file has it");
  std::vector<const FileDescriptor*> found = {file};
  std::set<const FileDescriptor*> known = {file};
  for (std::size_t i = 0; i < found.size(); ++i) {
    const FileDescriptor& each = *found[i];
    for (int j = 0; j < each.dependency_count(); ++j) {
      if (known.insert(each.dependency(j)).second) {
        found.push_back(each.dependency(j));
      }
    }
  }
  Reflection::Files files;
  for (const FileDescriptor* each : found) {
    google::protobuf::FileDescriptorProto proto;
    each->CopyTo(&proto);
    files.push_back(proto.SerializeAsString());
  }
  return files;
}

}  // namespace

absl::StatusOr<Reflection::Files> Reflection::FileByName(
    const std::string& name) {
  return WithImports(Pool().FindFileByName(name));
}

absl::StatusOr<Reflection::Files> Reflection::FileOfSymbol(
    const std::string& symbol) {
  return WithImports(Pool().FindFileContainingSymbol(symbol));
}

absl::StatusOr<Reflection::Files> Reflection::FileOfExtension(
    const std::string& message, int32_t number) {
  const Descriptor* extended = Pool().FindMessageTypeByName(message);
  const FieldDescriptor* extension =
      extended != nullptr ? Pool().FindExtensionByNumber(extended, number)
                          : nullptr;
  return WithImports(extension != nullptr ? extension->file() : nullptr);
}

absl::StatusOr<std::vector<int32_t>> Reflection::ExtensionsOf(
    const std::string& message) {
  const Descriptor* extended = Pool().FindMessageTypeByName(message);
  if (extended == nullptr) return absl::NotFoundError("no such message");
  std::vector<const FieldDescriptor*> extensions;
  Pool().FindAllExtensions(extended, &extensions);
  std::vector<int32_t> numbers;
  for (const FieldDescriptor* each : extensions) {
    numbers.push_back(each->number());
  }
  return numbers;
}

}  // namespace gather::rpc
