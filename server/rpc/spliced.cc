#include "server/rpc/spliced.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"

namespace gather::rpc {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CodedOutputStream;

// In bytes: a tag, and a length.
constexpr std::size_t kMostOfHeader = 10;

const FieldDescriptor* FieldOf(const Message& message, int number) {
  return message.GetDescriptor()->FindFieldByNumber(number);
}

}  // namespace

// Puts bytes one after the other: small ones into one slice, large ones between
// parts of that.
class SplicedBase::Writer {
 public:
  explicit Writer(std::size_t most_copied)
      : copied_(most_copied), at_(const_cast<uint8_t*>(copied_.begin())) {}

  void Copy(const void* bytes, std::size_t size) {
    std::memcpy(at_, bytes, size);
    at_ += size;
  }
  // The tag and the length of field `number`, a message.
  void Header(int number, std::size_t size) {
    at_ = CodedOutputStream::WriteTagToArray(
        WireFormatLite::MakeTag(number,
                                WireFormatLite::WIRETYPE_LENGTH_DELIMITED),
        at_);
    at_ = CodedOutputStream::WriteVarint32ToArray(static_cast<uint32_t>(size),
                                                  at_);
  }
  void Add(const std::vector<grpc::Slice>& slices) {
    for (const grpc::Slice& slice : slices) {
      if (slice.size() < kCopied) {
        Copy(slice.begin(), slice.size());
      } else {
        Cut();
        slices_.push_back(slice);
      }
    }
  }

  grpc::ByteBuffer Finish() {
    Cut();
    return grpc::ByteBuffer(slices_.data(), slices_.size());
  }

 private:
  void Cut() {
    const auto end = static_cast<std::size_t>(at_ - copied_.begin());
    if (end > begin_) slices_.push_back(copied_.sub(begin_, end));
    begin_ = end;
  }

  const grpc::Slice copied_;
  uint8_t* at_;
  std::size_t begin_ = 0;  // of what is in no slice yet
  std::vector<grpc::Slice> slices_;
};

void SplicedBase::Splice(int number, std::vector<grpc::Slice> fields) {
  std::size_t size = 0;
  for (const grpc::Slice& slice : fields) size += slice.size();
  splices_.erase(std::remove_if(splices_.begin(), splices_.end(),
                                [number](const Splices& splices) {
                                  return splices.number == number;
                                }),
                 splices_.end());
  splices_.push_back({number, std::move(fields), size});
}

void SplicedBase::Clear(int number) {
  Splice(number, {});
  Message& message = base();
  if (const FieldDescriptor* field = FieldOf(message, number)) {
    message.GetReflection()->MutableMessage(&message, field)->Clear();
  }
}

const SplicedBase::Splices* SplicedBase::Find(int number) const {
  for (const Splices& splices : splices_) {
    if (splices.number == number) return &splices;
  }
  return nullptr;
}

std::size_t SplicedBase::Size() const {
  std::size_t size = base().ByteSizeLong();
  for (const Splices& splices : splices_) size += splices.size;
  return size;
}

std::size_t SplicedBase::SizeOf(int number) const {
  const Message& message = base();
  const FieldDescriptor* field = FieldOf(message, number);
  const Splices* splices = Find(number);
  return (field == nullptr ? 0
                           : message.GetReflection()
                                 ->GetMessage(message, field)
                                 .ByteSizeLong()) +
         (splices == nullptr ? 0 : splices->size);
}

grpc::ByteBuffer SplicedBase::Serialize() const {
  const std::string own = base().SerializeAsString();
  std::size_t most_copied = own.size();
  for (const Splices& splices : splices_) {
    most_copied += kMostOfHeader;
    for (const grpc::Slice& slice : splices.fields) {
      if (slice.size() < kCopied) most_copied += slice.size();
    }
  }
  Writer writer(most_copied);
  absl::InlinedVector<const Splices*, 4> left;
  for (const Splices& splices : splices_) {
    if (splices.size > 0) left.push_back(&splices);
  }
  CodedInputStream in(reinterpret_cast<const uint8_t*>(own.data()),
                      static_cast<int>(own.size()));
  while (!left.empty()) {
    const auto begin = static_cast<std::size_t>(in.CurrentPosition());
    const uint32_t tag = in.ReadTag();
    if (tag == 0) break;
    const auto splices =
        std::find_if(left.begin(), left.end(), [tag](const Splices* each) {
          return each->number == WireFormatLite::GetTagFieldNumber(tag);
        });
    if (splices == left.end()) {
      (void)WireFormatLite::SkipField(&in, tag);  // it was just written
      writer.Copy(own.data() + begin,
                  static_cast<std::size_t>(in.CurrentPosition()) - begin);
      continue;
    }
    uint32_t length = 0;
    (void)in.ReadVarint32(&length);
    writer.Header((*splices)->number, length + (*splices)->size);
    writer.Copy(own.data() + in.CurrentPosition(), length);
    (void)in.Skip(static_cast<int>(length));
    writer.Add((*splices)->fields);
    left.erase(splices);
  }
  const auto rest = static_cast<std::size_t>(in.CurrentPosition());
  writer.Copy(own.data() + rest, own.size() - rest);
  for (const Splices* splices : left) {
    writer.Header(splices->number, splices->size);
    writer.Add(splices->fields);
  }
  return writer.Finish();
}

std::string SplicedBase::SerializeAsString() const {
  grpc::Slice whole;
  (void)Serialize().DumpToSingleSlice(&whole);  // readable: it was just made
  return std::string(whole.begin(), whole.end());
}

}  // namespace gather::rpc
