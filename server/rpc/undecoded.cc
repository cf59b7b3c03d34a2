#include "server/rpc/undecoded.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "google/protobuf/wire_format_lite.h"

namespace gather::rpc {
namespace {

using google::protobuf::internal::WireFormatLite;

constexpr std::size_t kFreeFields = 65536;
constexpr std::size_t kBytesAField = 16;

// So that few allocations find them: an item of a list may have so many bytes;
// and not for whoever sends none.
constexpr std::size_t kUsualField = 64;
constexpr std::size_t kReserved = 1024;

// As deep as Protobuf's own parsers go by default.
constexpr std::size_t kMaxDepth = 100;
// As many bytes as its parsers read of a tag or a length.
constexpr int kMaxShortBytes = 5;
constexpr int kMaxVarintBytes = 10;

}  // namespace

// Reads through slices as if they were one.
class Undecoded::Reader {
 public:
  explicit Reader(Part& part)
      : part_(part), fields_left_(kFreeFields + part.size / kBytesAField) {
    Enter();
  }

  // Finds all fields of the part; false where it is no message.
  bool ReadFields() {
    part_.fields.reserve(std::min(part_.size / kUsualField + 1, kReserved));
    while (!AtEnd()) {
      Field field = {};
      field.begin = Position();
      uint32_t tag = 0;
      if (!ReadTag(&tag)) return false;
      field.id = tag >> 3;
      switch (tag & 7) {
        case WireFormatLite::WIRETYPE_VARINT:
          field.type = Field::Type::kNumber;
          if (!ReadVarint(kMaxVarintBytes, &field.number)) return false;
          break;
        case WireFormatLite::WIRETYPE_LENGTH_DELIMITED: {
          field.type = Field::Type::kBytes;
          const std::optional<std::string_view> content = ReadBytes();
          if (!content) return false;
          field.data = content->data();
          field.size = static_cast<uint32_t>(content->size());
          break;
        }
        case WireFormatLite::WIRETYPE_START_GROUP:
          field.type = Field::Type::kGroup;
          if (!SkipGroup(field.id)) return false;
          break;
        default:
          field.type = Field::Type::kFixed;
          if (!SkipScalar(tag)) return false;
      }
      part_.fields.push_back(field);
    }
    return true;
  }

 private:
  // At the begin of a slice that has bytes, or at the end.
  void Enter() {
    for (; next_ < part_.slices.size(); ++next_) {
      const grpc::Slice& slice = part_.slices[next_];
      if (slice.size() == 0) continue;
      at_ = slice.begin();
      end_ = slice.end();
      before_ += slice.size();
      ++next_;
      return;
    }
  }
  bool AtEnd() const { return at_ == end_; }
  void Advance(std::size_t bytes) {
    at_ += bytes;
    if (at_ == end_) Enter();
  }
  std::size_t LeftInSlice() const {
    return static_cast<std::size_t>(end_ - at_);
  }
  uint32_t Position() const {
    return static_cast<uint32_t>(before_ - LeftInSlice());
  }

  bool ReadVarint(int most_bytes, uint64_t* value) {
    *value = 0;
    for (int i = 0; i < most_bytes && !AtEnd(); ++i) {
      const uint8_t byte = *at_;
      Advance(1);
      *value |= uint64_t{byte & 0x7FU} << (7 * i);
      // The tenth byte has room for one bit: not every parser forgives more.
      if (byte < 0x80) return i < kMaxVarintBytes - 1 || byte <= 1;
    }
    return false;
  }
  bool ReadShortVarint(uint64_t most, uint32_t* value) {
    uint64_t wide = 0;
    if (!ReadVarint(kMaxShortBytes, &wide) || wide > most) return false;
    *value = static_cast<uint32_t>(wide);
    return true;
  }
  // False also where there are too many fields.
  bool ReadTag(uint32_t* tag) {
    if (fields_left_ == 0) return false;
    --fields_left_;
    return ReadShortVarint(std::numeric_limits<uint32_t>::max(), tag) &&
           *tag >> 3 != 0;
  }

  bool ReadLength(uint32_t* length) {
    // Parsers have it in a signed number.
    return ReadShortVarint(std::numeric_limits<int32_t>::max(), length) &&
           *length <= part_.size - Position();
  }
  std::optional<std::string_view> ReadBytes() {
    uint32_t length = 0;
    if (!ReadLength(&length)) return std::nullopt;
    if (length <= LeftInSlice()) {
      const std::string_view bytes(reinterpret_cast<const char*>(at_), length);
      Advance(length);
      return bytes;
    }
    std::string& whole = part_.joined.emplace_front();
    whole.reserve(length);
    while (whole.size() < length) {
      const std::size_t bytes = std::min(length - whole.size(), LeftInSlice());
      whole.append(reinterpret_cast<const char*>(at_), bytes);
      Advance(bytes);
    }
    return whole;
  }

  bool Skip(std::size_t bytes) {
    if (bytes > part_.size - Position()) return false;
    while (bytes > 0) {
      const std::size_t here = std::min(bytes, LeftInSlice());
      Advance(here);
      bytes -= here;
    }
    return true;
  }
  // What is behind the tag of a field that is no group.
  bool SkipScalar(uint32_t tag) {
    uint64_t value = 0;
    uint32_t length = 0;
    switch (tag & 7) {
      case WireFormatLite::WIRETYPE_VARINT:
        return ReadVarint(kMaxVarintBytes, &value);
      case WireFormatLite::WIRETYPE_FIXED64:
        return Skip(sizeof(uint64_t));
      case WireFormatLite::WIRETYPE_FIXED32:
        return Skip(sizeof(uint32_t));
      case WireFormatLite::WIRETYPE_LENGTH_DELIMITED:
        return ReadLength(&length) && Skip(length);
      default:
        return false;
    }
  }
  // A group's fields are as much fields as those around it.
  bool SkipGroup(uint32_t id) {
    absl::InlinedVector<uint32_t, 8> open = {id};
    while (!open.empty()) {
      uint32_t tag = 0;
      if (!ReadTag(&tag)) return false;
      if ((tag & 7) == WireFormatLite::WIRETYPE_END_GROUP) {
        if (tag >> 3 != open.back()) return false;
        open.pop_back();
      } else if ((tag & 7) == WireFormatLite::WIRETYPE_START_GROUP) {
        if (open.size() == kMaxDepth) return false;
        open.push_back(tag >> 3);
      } else if (!SkipScalar(tag)) {
        return false;
      }
    }
    return true;
  }

  Part& part_;
  std::size_t fields_left_;
  const uint8_t* at_ = nullptr;
  const uint8_t* end_ = nullptr;
  std::size_t next_ = 0;    // the slice after this one
  std::size_t before_ = 0;  // bytes of all slices up to this one's end
};

bool Undecoded::Read(std::unique_ptr<Part> part) {
  parts_.clear();
  for (const grpc::Slice& slice : part->slices) part->size += slice.size();
  if (part->size > std::numeric_limits<int32_t>::max() ||
      !Reader(*part).ReadFields()) {
    return false;
  }
  parts_.push_back(std::move(part));
  return true;
}

grpc::Status Undecoded::Receive(grpc::ByteBuffer* bytes, Undecoded* message) {
  auto part = std::make_unique<Part>();
  grpc::Status status;
  if (bytes->Length() <= kCopied) {
    status = bytes->DumpToSingleSlice(&part->slices.emplace_back());
  } else {
    status = bytes->Dump(&part->slices);
  }
  bytes->Clear();
  return status.ok() && message->Read(std::move(part))
             ? grpc::Status::OK
             : grpc::Status(grpc::StatusCode::INTERNAL, "unreadable");
}

bool Undecoded::ParseFromString(std::string_view bytes) {
  auto part = std::make_unique<Part>();
  part->slices.emplace_back(bytes.data(), bytes.size());
  return Read(std::move(part));
}

std::string Undecoded::SerializeAsString() const {
  std::string bytes;
  for (const auto& part : parts_) {
    for (const grpc::Slice& slice : part->slices) {
      bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    }
  }
  return bytes;
}

const Undecoded::Field* Undecoded::FindLast(uint32_t id,
                                            Field::Type type) const {
  for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) {
    const std::vector<Field>& fields = (*part)->fields;
    const auto found =
        std::find_if(fields.rbegin(), fields.rend(), [&](const Field& field) {
          return field.id == id && field.type == type;
        });
    if (found != fields.rend()) return &*found;
  }
  return nullptr;
}

// Cuts ranges out of a part's slices, each of them behind the one before.
class Undecoded::Cutter {
 public:
  Cutter(const Part& part, std::vector<grpc::Slice>& to)
      : next_(part.slices.begin()), to_(to) {}

  // In bytes from the part's begin.
  void Cut(std::size_t begin, std::size_t end) {
    while (begin < end) {
      while (at_ + next_->size() <= begin) at_ += (next_++)->size();
      const std::size_t stop = std::min(end, at_ + next_->size());
      const bool whole = stop - begin == next_->size();
      to_.push_back(whole ? *next_ : next_->sub(begin - at_, stop - at_));
      begin = stop;
    }
  }

 private:
  std::vector<grpc::Slice>::const_iterator next_;
  std::size_t at_ = 0;  // where that begins
  std::vector<grpc::Slice>& to_;
};

std::vector<grpc::Slice> Undecoded::SlicesOf(
    absl::FunctionRef<bool(const Field&)> wanted) const {
  std::vector<grpc::Slice> slices;
  for (const auto& part : parts_) {
    Cutter cutter(*part, slices);
    std::optional<std::size_t> begin;  // of fields that are wanted
    for (const Field& field : part->fields) {
      if (wanted(field)) {
        if (!begin) begin = field.begin;
      } else if (begin) {
        cutter.Cut(*std::exchange(begin, std::nullopt), field.begin);
      }
    }
    if (begin) cutter.Cut(*begin, part->size);
  }
  return slices;
}

}  // namespace gather::rpc
