#include "server/fanout/reuse/reply_key.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace gather::fanout {
namespace {

// Before each part: without it "a", "bc" would be as "ab", "c".
void AddSize(std::size_t size, std::string& key) {
  const uint64_t value = size;
  key.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

}  // namespace

ReplyKey::ReplyKey(const rpc::ServerCall& caller,
                   const std::vector<std::string>& forwarded_keys) {
  for (const std::string& name : forwarded_keys) {
    const std::vector<std::string_view> values = caller.AllMetadata(name);
    AddSize(values.size(), key_);
    for (const std::string_view value : values) {
      AddSize(value.size(), key_);
      key_.append(value);
    }
  }
}

void ReplyKey::Add(const google::protobuf::MessageLite& request) {
  AddSize(request.ByteSizeLong(), key_);
  google::protobuf::io::StringOutputStream stream(&key_);
  google::protobuf::io::CodedOutputStream coded(&stream);
  // Or equal maps would come in any order.
  coded.SetSerializationDeterministic(true);
  request.SerializeWithCachedSizes(&coded);
}

}  // namespace gather::fanout
