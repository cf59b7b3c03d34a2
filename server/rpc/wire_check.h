#ifndef GATHER_SERVER_RPC_WIRE_CHECK_H_
#define GATHER_SERVER_RPC_WIRE_CHECK_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string_view>

#include "google/protobuf/descriptor.h"
#include "server/rpc/time_range.h"
#include "server/rpc/undecoded.h"

namespace gather::rpc {

// Tells whether bytes that are handed on without decoding them can be decoded:
// accepts nothing that a parser of the message refuses, and costs a fraction of
// one. It refuses a little more, where parsers of other languages do.
//
//   WireCheck check(*ListOrdersResponse::descriptor(), /*levels_above=*/1);
//   if (!check.Accepts(bytes)) ...
//
// It knows proto3: there are no required fields. Refused is what is cut or no
// field, has a wrong length, a number of too many bytes, text that is not
// UTF-8, or nesting without end
// (https://protobuf.dev/programming-guides/encoding). So is a Timestamp or
// Duration out of its range: it can be decoded, but in no language be printed
// as JSON (time_range.h).
//
// Thread: any.
class WireCheck {
 public:
  // `levels_above` is by how much deeper the message will stand, where it is
  // read, than at the top.
  explicit WireCheck(const google::protobuf::Descriptor& message,
                     int levels_above = 0);
  ~WireCheck();
  WireCheck(const WireCheck&) = delete;
  WireCheck& operator=(const WireCheck&) = delete;

  // Of a whole message.
  bool Accepts(std::string_view message) const;
  // Of a message whose fields are found.
  bool Accepts(const Undecoded& message) const;

 private:
  // What a field holds that comes with a length.
  enum class Content : uint8_t {
    kBytes,  // or nobody knows
    kText,
    kMessage,
    kVarints,
    kFixed32s,
    kFixed64s,
    kTimestamp,
    kDuration
  };
  struct Shape;
  struct Field {
    Content content = Content::kBytes;
    const Shape* message = nullptr;  // where it is one
  };
  // A message's fields.
  struct Shape {
    const Field& Find(uint32_t number) const;

    std::array<Field, 32> low;  // by number
    std::map<uint32_t, Field> high;
  };
  // What is left of a message.
  struct Bytes {
    const char* at;
    const char* end;
  };
  using Shapes =
      std::map<const google::protobuf::Descriptor*, std::unique_ptr<Shape>>;

  static Content ContentOf(const google::protobuf::FieldDescriptor& field);
  const Shape* ShapeOf(const google::protobuf::Descriptor& message);

  static bool ReadVarint(Bytes& in, uint64_t* value);
  static bool ReadLongVarint(Bytes& in, uint64_t* value);
  // A tag or a length.
  static bool ReadShortVarint(Bytes& in, uint32_t* value);
  static bool IsShort(const Bytes& in);
  static bool Skip(Bytes& in, std::size_t length);
  static bool IsMessage(const Shape& shape, Bytes in, int depth);
  static bool IsField(const Shape& shape, uint32_t tag, Bytes& in, int depth);
  static bool IsGroup(uint32_t number, Bytes& in, int depth);
  static bool IsContent(const Field& field, Bytes in, int depth);
  static bool AreVarints(Bytes in);
  static bool IsTime(TimeKind kind, Bytes in, int depth);

  const int depth_;  // how many levels a message may have, below its own
  Shapes shapes_;
  const Shape* const root_;
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_WIRE_CHECK_H_
